import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import { PullError } from '../../../src/errors.ts';
import { beforeSheet, sheetWish } from '../../../src/setup/hand-over-sheet.ts';
import { defaultPaths } from '../../../src/system/paths.ts';
import type { CliContext } from '../../../src/terminal/cli-context.ts';

const config = configSchema.parse({
  source: 'extbackup@backup',
  key: { derivation: 'scrypt', scrypt: { N: 16384, r: 8, p: 1 } },
});
const salt = 'ab'.repeat(32);
let said: string[];
let context: CliContext;

beforeEach(async () => {
  const etc = await mkdtemp(join(tmpdir(), 'extbackup-sheet-'));
  onTestFinished(() => rm(etc, { recursive: true }));
  await mkdir(join(etc, 'state'));
  await writeFile(join(etc, 'salt'), `${salt}\n`);
  said = [];
  const say = (text: string): void => {
    said.push(text);
  };
  context = { paths: { ...defaultPaths, etc, state: join(etc, 'state') }, print: say, note: say } as CliContext;
});

const failed = new PullError('EXB_DISK_ERROR', 'Disk BACKUP_1 does not answer.', 'Check its cable.');

it('a sheet that cannot be written hides no failed preparation', async () => {
  const wish = { file: join(context.paths.etc, 'missing/sheet') };
  await expect(beforeSheet(context, config, wish, () => Promise.reject(failed))).rejects.toBe(failed);
  expect(said.join()).toMatch(/cannot be written to .*missing.sheet \(ENOENT\).*extbackup recovery-sheet/);
});

it('a sheet that cannot be written after a good preparation is named, and no bug', async () => {
  const wish = { file: join(context.paths.etc, 'missing/sheet') };
  await expect(beforeSheet(context, config, wish, () => Promise.resolve('BACKUP_1'))).rejects.toMatchObject({
    exitCode: 2,
    todo: expect.stringContaining('extbackup recovery-sheet') as string,
  });
});

it.each([
  [undefined, true, true],
  [undefined, false, false],
  ['-', false, true],
  [false, true, false],
] as const)('with --sheet %j and a terminal: %j, the salt is printed: %j', async (sheet, isTerminal, isPrinted) => {
  expect(await beforeSheet(context, config, sheetWish(sheet, isTerminal), () => Promise.resolve('x'))).toBe('x');
  expect(said.join('\n').includes(salt)).toBe(isPrinted);
  expect(said.join('\n')).toContain('extbackup recovery-sheet');
});
