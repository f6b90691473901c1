import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { readVerbs } from '../../../debian/command-tree.ts';
import { outputJsonSchemas } from '../../../debian/output-json-schemas.ts';
import { exitCodes } from '../../../src/errors.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/scripting.md'), 'utf8');

it('the page on scripting names every schema and exit code, and no other', () => {
  const named = [...page.matchAll(/`([a-z-]+\.v\d+)`/g)].map(([, name]) => `${name ?? ''}.schema.json`);
  expect(named.sort()).toEqual(
    outputJsonSchemas()
      .map(({ file }) => file)
      .sort(),
  );
  const codes = page.split('## Exit codes')[1]?.split('`check`')[0] ?? '';
  expect([...codes.matchAll(/\b\d+\b/g)].map(([code]) => Number(code))).toEqual(
    Object.values(exitCodes).sort((a, b) => a - b),
  );
});

it('each answer of its example is an option of setup', async () => {
  const [, block = ''] = /```yaml\n([^]*?)```/.exec(page) ?? [];
  const options = (await readVerbs()).find(({ name }) => name === 'setup')?.options.map(({ name }) => name);
  const answers = Object.keys(parse(block) as object);
  expect(answers).toContain('host-key');
  expect(options).toEqual(expect.arrayContaining(answers.map((name) => `--${name}`)));
  for (const name of [...page.matchAll(/`([a-z-]+):/g)].map(([, answer]) => answer))
    expect(options).toContain(`--${name ?? ''}`);
}, 120_000); // loads every command; that takes long beside other work
