import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { measureUse, wholeDiskOf } from '../../../src/disk/measure.ts';

const uuid = '6f1c2a4e-0b1d-4c7f-9a53-0123456789ab';
const other = '11111111-2222-3333-4444-555555555555';
let top = '';
const put = async (path: string, content = ''): Promise<void> => {
  await mkdir(dirname(join(top, path)), { recursive: true });
  await writeFile(join(top, path), content);
};
const measure = (of = uuid) =>
  measureUse(of, { sys: join(top, 'sys'), proc: join(top, 'proc'), dev: join(top, 'dev') });
const block = 'sys/class/block';

/** A disk sdb with the volume on sdb1 and something beside it on sdb11, and another program's mounts. */
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'measure-'));
  for (const [kname, number] of [
    ['sdb', '8:16'],
    ['sdb1', '8:17'],
    ['sdb11', '8:27'],
  ] as const) {
    await put(`${block}/${kname}/dev`, `${number}\n`);
    await mkdir(join(top, block, kname, 'holders'), { recursive: true });
  }
  for (const part of ['sdb1', 'sdb11']) await mkdir(join(top, block, 'sdb', part), { recursive: true });
  await put('dev/sdb1');
  await put('dev/sdb11');
  await mkdir(join(top, 'dev/disk/by-uuid'), { recursive: true });
  await symlink('../../sdb1', join(top, 'dev/disk/by-uuid', uuid));
  await symlink('../../sdb11', join(top, 'dev/disk/by-uuid', other));
  await aProcess('1', 'mnt:[1]', '28 1 252:0 / / rw shared:1 - ext4 /dev/vda rw\n');
});
afterEach(() => rm(top, { recursive: true }));

async function aProcess(pid: string, namespace: string, mounts: string): Promise<void> {
  await put(`proc/${pid}/mountinfo`, mounts);
  await mkdir(join(top, 'proc', pid, 'ns'), { recursive: true });
  await symlink(namespace, join(top, 'proc', pid, 'ns/mnt'));
}

async function mapping(kname: string, name: string, dmUuid: string, slave?: string): Promise<void> {
  await put(`${block}/${kname}/dm/name`, `${name}\n`);
  await put(`${block}/${kname}/dm/uuid`, `${dmUuid}\n`);
  await put(`${block}/${kname}/dev`, `254:${kname.slice(3)}\n`);
  await mkdir(join(top, block, kname, 'holders'), { recursive: true });
  if (slave === undefined) return;
  await put(`${block}/${kname}/slaves/${slave}`);
  await put(`${block}/${slave}/holders/${kname}`);
}

const crypt = (name: string, of = uuid, type = 'LUKS2'): string => `CRYPT-${type}-${of.replaceAll('-', '')}-${name}`;

test('the whole disk is found from a volume on it', async () => {
  const trees = { sys: join(top, 'sys'), proc: join(top, 'proc'), dev: join(top, 'dev') };
  expect(await wholeDiskOf(uuid, trees)).toBe('sdb');
  expect(await wholeDiskOf('99999999-2222-3333-4444-555555555555', trees)).toBeUndefined();
});

test('a disk that nothing has open', async () => {
  expect(await measure()).toBeUndefined();
  expect(await measure(other)).toBeUndefined();
});

test.each(['extbackup-BACKUP_1', 'look', 'backup-copy'])(
  'a mapping counts, whatever it is called: %s',
  async (name) => {
    await mapping('dm-7', name, crypt(name), 'sdb1');
    expect(await measure()).toEqual({ holders: [name], mountpoints: [] });
  },
);

test('a LUKS1 mapping of a disk that was pulled out', async () => {
  await rm(join(top, 'dev/disk/by-uuid', uuid));
  await mapping('dm-0', 'extbackup-OLD', crypt('extbackup-OLD', uuid, 'LUKS1'));
  expect(await measure()).toEqual({ holders: ['extbackup-OLD'], mountpoints: [] });
});

test('a mapping over the volume that shows its UUID, and takes its link', async () => {
  await mapping('dm-3', 'path-to-it', '', 'sdb1');
  await rm(join(top, 'dev/disk/by-uuid', uuid));
  await put('dev/dm-3');
  await symlink('../../dm-3', join(top, 'dev/disk/by-uuid', uuid));
  expect(await measure()).toEqual({ holders: ['path-to-it'], mountpoints: [] });
  expect(await wholeDiskOf(uuid, { sys: join(top, 'sys'), proc: join(top, 'proc'), dev: join(top, 'dev') })).toBe(
    'sdb',
  );
});

test('a mapping that another program made counts by what it holds', async () => {
  await mapping('dm-3', 'by-hand', '', 'sdb1');
  expect(await measure()).toEqual({ holders: ['by-hand'], mountpoints: [] });
});

test('what is built upon the mapping counts, too', async () => {
  await mapping('dm-0', 'x', crypt('x'), 'sdb1');
  await mapping('dm-1', 'group-volume', 'LVM-abc', 'dm-0');
  await aProcess('9', 'mnt:[9]', '30 1 254:1 / /srv/in\\040use rw - xfs /dev/mapper/group-volume rw\n');
  expect(await measure()).toEqual({ holders: ['group-volume', 'x'], mountpoints: ['/srv/in use'] });
});

test('a mount in the namespace of another process counts, and any part of the disk', async () => {
  await aProcess('400', 'mnt:[4]', '40 1 8:27 / /media/stick rw - vfat /dev/sdb11 rw\n');
  await aProcess('401', 'mnt:[4]', '');
  expect(await measure()).toEqual({ holders: [], mountpoints: ['/media/stick'] });
});

test('the mapping of another disk does not count', async () => {
  await put(`${block}/sdc1/dev`, '8:33\n');
  const strange = '99999999-2222-3333-4444-555555555555';
  await mapping('dm-0', 'extbackup-BACKUP_2', crypt('extbackup-BACKUP_2', strange), 'sdc1');
  await aProcess('5', 'mnt:[5]', '41 1 254:0 / /mnt/plaintext rw - ext4 /dev/mapper/extbackup-BACKUP_2 rw\n');
  expect(await measure()).toBeUndefined();
});

test('a process that ends meanwhile, or may not be looked into, is no trouble', async () => {
  await mkdir(join(top, 'proc/77/ns'), { recursive: true });
  await symlink('mnt:[7]', join(top, 'proc/77/ns/mnt'));
  await mkdir(join(top, 'proc/78'));
  expect(await measure()).toBeUndefined();
});
