import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { circles, importsOf } from '../../measure/imports.ts';

const root = join(import.meta.dirname, '../../../src');

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
const parse = (path: string, text: string) => ({
  path,
  text,
  tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true),
});

it('no files of src import each other in a circle, types included', () => {
  expect(circles(importsOf(sources.map((path) => parse(path, read(path)))))).toEqual([]);
});

it('two files that import each other are found', () => {
  const pair = [
    parse('agent/a.ts', "import type { B } from './b.ts';\n"),
    parse('agent/b.ts', "import { a } from './a.ts';\n"),
  ];
  expect(circles(importsOf(pair)).map((circle) => [...circle].sort())).toEqual([['agent/a.ts', 'agent/b.ts']]);
});
