import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { exitCodes } from '../../../src/errors.ts';
import { readErrorCodes } from './error-codes.ts';

const root = new URL('../../../', import.meta.url);
const thrown = readErrorCodes(fileURLToPath(new URL('src/', root)));
const page = readFileSync(new URL('docs/errors.md', root), 'utf8');

/** A run with gaps ends well enough to be stamped, or not, but throws nothing: run-one.ts gives it its exit code. */
thrown.set('EXB_GAPS', new Set([exitCodes.gaps]));

/** Rows: | `EXB_CODE` | exit codes, joined by "or" | what happened | what to do | */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| `EXB_'))
  .map((line) => {
    const [code = '', exits = '', happened = '', todo = '', ...rest] = line.split('|').slice(1, -1);
    return {
      code: code.replaceAll('`', '').trim(),
      exits: exits.trim().split(' or ').map(Number),
      happened,
      todo,
      rest,
    };
  });

it('explains every code of the sources once, and no other', () => {
  expect(rows.map(({ code }) => code).sort()).toEqual([...thrown.keys()].sort());
});

it('says for each what happened and what to do', () => {
  const poor = rows.filter(
    ({ happened, todo, rest }) => happened.trim() === '' || todo.trim() === '' || rest.length > 0,
  );
  expect(poor).toEqual([]);
});

it('gives the exit codes with which the sources throw it', () => {
  const read = rows.flatMap(({ code }) => {
    const exits = [...(thrown.get(code) ?? [])].sort((a, b) => a - b);
    return exits.length === 0 ? [] : [[code, exits]];
  });
  const told = rows.map(({ code, exits }) => [code, [...exits].sort((a, b) => a - b)]);
  expect(Object.fromEntries(told)).toMatchObject(Object.fromEntries(read));
  expect(read.length).toBeGreaterThan(60);
});

it('lists the exit codes of the program', () => {
  const listed = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, exit]) => Number(exit));
  expect(listed.sort((a, b) => a - b)).toEqual(Object.values(exitCodes).sort((a, b) => a - b));
});
