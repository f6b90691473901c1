import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findHiddenLuks } from '../../../src/disk/hidden-luks.ts';

/** Tables by sfdisk and headers by cryptsetup, on files in place of disks. */
const mebi = 1024 ** 2;
const top = mkdtempSync(join(tmpdir(), 'hidden-luks-'));
const file = (name: string): string => join(top, name);
let luksUuid: string;

const partition = (disk: string, script: string): void => {
  execFileSync('/usr/sbin/sfdisk', ['--quiet', '--wipe', 'never', file(disk)], { input: script });
};

beforeAll(async () => {
  writeFileSync(file('disk'), '');
  truncateSync(file('disk'), 64 * mebi);
  partition('disk', 'label: gpt\n,,\n');
  writeFileSync(file('luks'), '');
  truncateSync(file('luks'), 20 * mebi);
  const format = ['luksFormat', '--batch-mode', '--type', 'luks2', '--pbkdf', 'pbkdf2'];
  execFileSync('/usr/sbin/cryptsetup', [...format, '--pbkdf-force-iterations', '1000', file('luks'), '-'], {
    input: 'a password',
  });
  luksUuid = execFileSync('/usr/sbin/cryptsetup', ['luksUUID', file('luks')], { encoding: 'utf8' }).trim();
  const disk = await open(file('disk'), 'r+');
  await disk.write(readFileSync(file('luks')), 0, undefined, mebi);
  await disk.close();
});
afterAll(() => {
  rmSync(top, { recursive: true });
});

it('a volume in a partition is found, with the size that its disk has at least', async () => {
  const found = await findHiddenLuks(file('disk'));
  expect(found).toMatchObject({ luksUuid, tableSector: 512 });
  expect(found?.tableBytes).toBeGreaterThan(62 * mebi);
  expect(found?.tableBytes).toBeLessThanOrEqual(64 * mebi);
});

it('a disk that was cut off still says how large it was', async () => {
  copyFileSync(file('disk'), file('smaller'));
  truncateSync(file('smaller'), 30 * mebi);
  expect((await findHiddenLuks(file('smaller')))?.tableBytes).toBeGreaterThan(62 * mebi);
});

it('the header is found under the new table of another system, and on a whole disk', async () => {
  copyFileSync(file('disk'), file('other-system'));
  partition('other-system', 'label: gpt\n32768,,EBD0A0A2-B9E5-4433-87C0-68B6B72699C7\n');
  const withoutTable = { luksUuid, tableSector: undefined, tableBytes: undefined };
  expect(await findHiddenLuks(file('other-system'))).toEqual(withoutTable);
  expect(await findHiddenLuks(file('luks'))).toEqual(withoutTable);
});
