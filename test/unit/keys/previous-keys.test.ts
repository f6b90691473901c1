import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  dropChecks,
  hasQuickCheck,
  noteLost,
  readPreviousKeys,
  rememberOldKey,
  settleRekeyed,
} from '../../../src/keys/previous-keys.ts';
import { fitsSlowCheck, makeSlowCheck } from '../../../src/keys/slow-check.ts';
import { Secret } from '../../../src/system/secret.ts';
import type { Paths } from '../../../src/system/paths.ts';

let top = '';
let paths: Paths;
const list = () => `${top}/previous-keys.json`;
beforeEach(async () => {
  top = await mkdtemp(`${tmpdir()}/previous-`);
  paths = { config: top, etc: top, state: top, run: top, ramfs: top, plaintext: top };
});
afterEach(() => rm(top, { recursive: true }));

const scrypt = { N: 2 ** 14, r: 8, p: 1 };
const slowCheck = { scrypt, salt: '00'.repeat(32), value: '11'.repeat(32) };
const sha512 = { settings: { derivation: 'sha512' as const, check: 'ab'.repeat(20) }, salt: 'old', slowCheck };
const later = {
  settings: { derivation: 'scrypt' as const, scrypt, check: 'cd'.repeat(32) },
  salt: '22'.repeat(32),
  slowCheck: undefined,
};
const disk = (label: string, state = 'active') => ({ label, luksUuid: `uuid-${label}`, state });
const checks = async () =>
  (await readPreviousKeys(paths)).keys.map(({ settings, slowCheck: slow }) =>
    settings.check !== undefined ? 'own' : slow === undefined ? 'none' : 'slow',
  );
const nextMillisecond = () => new Promise((resolve) => setTimeout(resolve, 2));

it('keeps a slow check value in place of a quick one, as long as a disk waits', async () => {
  await rememberOldKey(paths, sha512, [disk('A'), disk('B')]);
  expect(await readFile(list(), 'utf8')).not.toContain('abab');
  expect(await checks()).toEqual(['slow']);
  await settleRekeyed(paths, ['uuid-A']);
  expect(await checks()).toEqual(['slow']);
  await settleRekeyed(paths, ['uuid-B']);
  expect(await checks()).toEqual(['none']);
  expect((await readPreviousKeys(paths)).keys.map(({ salt }) => salt)).toEqual(['old']);
});

it('keeps of each earlier key only what a waiting disk may need', async () => {
  await rememberOldKey(paths, sha512, [disk('A'), disk('B')]);
  await settleRekeyed(paths, ['uuid-A']);
  await nextMillisecond();
  await rememberOldKey(paths, later, [disk('A'), disk('B')]);
  expect(await checks()).toEqual(['slow', 'own']);
  await settleRekeyed(paths, ['uuid-B']); // A has at most the later one
  expect(await checks()).toEqual(['none', 'own']);
});

it('counts no lost disk as waiting', async () => {
  await rememberOldKey(paths, sha512, [disk('A'), disk('LOST', 'lost')]);
  await settleRekeyed(paths, ['uuid-A']);
  expect(await checks()).toEqual(['none']);
  expect((await readPreviousKeys(paths)).pending).toMatchObject([{ label: 'LOST', isLost: true }]);
});

it('drops the check value when a disk is lost, and waits again when it is found', async () => {
  await rememberOldKey(paths, later, [disk('A')]);
  await noteLost(paths, 'uuid-A', true);
  expect(await checks()).toEqual(['none']);
  await noteLost(paths, 'uuid-A', false);
  expect((await readPreviousKeys(paths)).pending).toEqual([expect.not.objectContaining({ isLost: true })]);
});

it('finds the quick check value of an earlier version, and removes it', async () => {
  const key = { settings: sha512.settings, salt: 'old', changedAt: '2026-01-01T00:00:00Z' };
  const pending = [{ label: 'A', luksUuid: 'uuid-A' }];
  await writeFile(list(), JSON.stringify({ version: 1, keys: [key], pending }));
  expect(hasQuickCheck(await readPreviousKeys(paths))).toBe(true);
  await dropChecks(paths);
  expect(hasQuickCheck(await readPreviousKeys(paths))).toBe(false);
  expect((await readPreviousKeys(paths)).pending).toEqual(pending);
});

it('makes a slow check value that fits its own key alone', async () => {
  const check = await makeSlowCheck(new Secret(Buffer.from('a key')), scrypt);
  expect(await fitsSlowCheck(new Secret(Buffer.from('a key')), check)).toBe(true);
  expect(await fitsSlowCheck(new Secret(Buffer.from('another key')), check)).toBe(false);
});
