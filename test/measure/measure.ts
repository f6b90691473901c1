/** `npm run measure`: figures about the structure of src/. The limits are rules of the lint. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { circles, importsOf, upwardImports, type SourceFile } from './imports.ts';

const root = join(import.meta.dirname, '../../src');
const order = JSON.parse(readFileSync(join(root, 'order.json'), 'utf8')) as string[];

const files: SourceFile[] = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .sort()
  .map((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true) };
  });

interface Figure {
  readonly value: number;
  readonly where: string;
}

const linesIn = (text: string): number => text.split('\n').length - 1;
const largest = (figures: readonly Figure[]): Figure =>
  figures.reduce((most, one) => (one.value > most.value ? one : most), { value: 0, where: 'nowhere' });

/** Length of every function in lines, from its first to its last. */
function functionsIn({ path, tree }: SourceFile): Figure[] {
  const found: Figure[] = [];
  const lineAt = (position: number): number => tree.getLineAndCharacterOfPosition(position).line + 1;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      const first = lineAt(node.getStart(tree));
      found.push({ value: lineAt(node.end) - first + 1, where: `src/${path}:${first}` });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

const lines = new Map<string, number>();
for (const { path, text } of files) {
  const folder = path.includes('/') ? path.slice(0, path.indexOf('/')) : '.';
  lines.set(folder, (lines.get(folder) ?? 0) + linesIn(text));
}
const all = [...lines.values()].reduce((sum, one) => sum + one, 0);
const folder = largest([...lines].map(([where, value]) => ({ value, where: `src/${where}` })));
const longestFunction = largest(files.flatMap(functionsIn));
const longestFile = largest(files.map(({ path, text }) => ({ value: linesIn(text), where: `src/${path}` })));
const longestLine = largest(
  files.flatMap(({ path, text }) =>
    text.split('\n').map((line, index) => ({ value: line.length, where: `src/${path}:${index + 1}` })),
  ),
);

const imports = importsOf(files);
const upward = upwardImports(imports, order);
const inCircles = circles(imports);

console.log(`src/                 ${all} lines in ${files.length} files and ${order.length} folders`);
console.log(`upward imports       ${upward.length}`);
for (const one of upward) console.log(`                     ${one}`);
console.log(`circles of files     ${inCircles.length}`);
for (const one of inCircles) console.log(`                     ${one.join(' ')}`);
console.log(`biggest folder       ${folder.where}: ${folder.value} lines, ${Math.round((100 * folder.value) / all)} %`);
console.log(`longest file         ${longestFile.where}: ${longestFile.value} lines`);
console.log(`longest function     ${longestFunction.where}: ${longestFunction.value} lines`);
console.log(`longest line         ${longestLine.where}: ${longestLine.value} characters`);
