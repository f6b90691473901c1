import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';

const ofUnits = ['--jitless', '--no-expose-wasm'];
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-cache-'));
  await cp(inject('prepared').program, directory, { recursive: true });
  for (const name of await caches()) await rm(join(directory, name));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const caches = async (): Promise<string[]> => (await readdir(directory)).filter((name) => name.endsWith('.cache'));
const run = (file: string, flags: readonly string[] = [], ...args: string[]) =>
  execa(process.execPath, [...flags, join(directory, file), ...args]);

/** Whether V8 takes the compiled code of the only cache, as the program gives it to it. */
async function isTaken(flags: readonly string[]): Promise<boolean> {
  const [name = ''] = await caches();
  const script = `
    const { readFileSync } = require('node:fs'); const { wrap } = require('node:module'); const { Script } = require('node:vm');
    const [program, cache] = process.argv.slice(1);
    const cachedData = readFileSync(cache).subarray(0, -4);
    console.log(new Script(wrap(readFileSync(program, 'latin1')), { filename: program, cachedData }).cachedDataRejected);`;
  const program = join(directory, name.replace(/\.\w+\.cache$/, ''));
  const { stdout } = await execa(process.execPath, [...flags, '--eval', script, program, join(directory, name)]);
  return stdout === 'false';
}

describe.each([
  ['of commands', [], ofUnits],
  ['of units', ofUnits, []],
])('the code cache %s', (_, flags, others) => {
  test('is taken by V8 with the flags with which it was made, and with no others', async () => {
    await run('write-code-cache.js', flags);
    expect(await caches()).toHaveLength(1);
    expect([await isTaken(flags), await isTaken(others)]).toEqual([true, false]);
  });

  test('is not used when a bit of it is wrong, or a piece is missing', async () => {
    await run('write-code-cache.js', flags);
    const [name = ''] = await caches();
    const good = await readFile(join(directory, name));
    const damaged = Buffer.from(good);
    const at = Math.floor(0.4 * good.length);
    damaged.fill(0xff, at, at + 4_096);
    for (const bytes of [damaged, good.subarray(0, good.length / 2), Buffer.alloc(0), Buffer.alloc(3)]) {
      await writeFile(join(directory, name), bytes);
      expect((await run('cli.js', flags, 'agent', '--help')).stdout).toContain('Usage: extbackup agent');
    }
  });
});

test('a program that waits for something that never comes does not end well', async () => {
  const waiting = `const { promises } = require('node:fs');
    for (const name of ['readFile', 'open', 'stat', 'lstat']) promises[name] = () => new Promise(() => undefined);`;
  await writeFile(join(directory, 'waiting.js'), waiting);
  const { exitCode } = await execa(
    process.execPath,
    ['--require', join(directory, 'waiting.js'), join(directory, 'cli.js'), 'config', 'check'],
    { reject: false },
  );
  expect(exitCode).toBe(1);
});
