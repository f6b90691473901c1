import { describe, expect, it } from 'vitest';
import { PullError, UsageError } from '../../../src/errors.ts';
import { assertStillThere, goneWhileOpen, whileThere } from '../../../src/opening/disk-gone.ts';
import { wasPulledOut } from '../../../src/opening/opened-by-person.ts';
import type { StartProgram } from '../../../src/system/command.ts';

const record = { label: 'BACKUP_1', luksUuid: '11111111-1111-4111-8111-111111111111' };
const node = (uuid: string | null, more = {}) => ({
  ...{ kname: 'sda', path: '/dev/sda', type: 'disk', size: 1, fstype: 'crypto_LUKS', uuid },
  ...more,
});
/** lsblk shows these. */
const showing =
  (...blockdevices: object[]): StartProgram =>
  () =>
    Promise.resolve({ exitCode: 0, stdout: JSON.stringify({ blockdevices }), stderr: '' });
const here = showing(node(null, { children: [node(record.luksUuid, { kname: 'sda1', type: 'part' })] }));
const gone = showing(node('22222222-2222-4222-8222-222222222222'));
const failure = new PullError('EXB_RESTORE', 'rsync failed.', 'Remove the cause.');
const { signal } = new AbortController();

/** The kernel shows the disk so many times more. */
const shownFor = (looks: number) => {
  let left = looks;
  return () => Promise.resolve(left-- > 0);
};
const stays = { shows: () => Promise.resolve(true), patienceMs: 0 };

describe('a disk that is pulled out during a command', () => {
  it('is named, whatever failed because of it', async () => {
    const unplugged = {
      code: 'EXB_DISK_GONE',
      message: 'Disk BACKUP_1 was unplugged while it was in use.',
      todo: expect.stringMatching(/Plug it in again.*--overwrite/) as string,
    };
    await expect(assertStillThere(gone, record)).rejects.toMatchObject(unplugged);
    await expect(whileThere(gone, record, signal, () => Promise.reject(failure))).rejects.toMatchObject(unplugged);
    await expect(assertStillThere(here, record, stays)).resolves.toBeUndefined();
  });

  it('is named, too, when the kernel removes it only moments after the error', async () => {
    const late = { code: 'EXB_DISK_GONE' };
    await expect(assertStillThere(here, record, { shows: shownFor(2) })).rejects.toMatchObject(late);
    const work = (): Promise<never> => Promise.reject(failure);
    await expect(whileThere(here, record, signal, work, { shows: shownFor(2) })).rejects.toMatchObject(late);
  });

  it('is waited for only if the failure may be its own, and no longer than two seconds', async () => {
    const wrong = new UsageError('No.', 'Look.');
    const look = { shows: shownFor(1) };
    await expect(whileThere(here, record, signal, () => Promise.reject(wrong), look)).rejects.toBe(wrong);
    const begin = performance.now();
    await expect(assertStillThere(here, record, { shows: stays.shows })).resolves.toBeUndefined();
    expect(performance.now() - begin).toBeLessThan(4_000);
  });

  it('is not blamed while it is there, or when nobody could look, or when the command was cancelled', async () => {
    const work = (): Promise<never> => Promise.reject(failure);
    await expect(whileThere(here, record, signal, work, stays)).rejects.toBe(failure);
    await expect(whileThere(() => Promise.reject(new Error('no lsblk')), record, signal, work)).rejects.toBe(failure);
    await expect(whileThere(gone, record, AbortSignal.abort(), work)).rejects.toBe(failure);
  });

  it('does not matter once the work is done', async () => {
    expect(await whileThere(gone, record, signal, () => Promise.resolve('done'))).toBe('done');
  });
});

describe('a disk that a person had open', () => {
  it('was pulled out when it is gone, or when another attach has its name', async () => {
    const now = (diskseq: number | undefined) => () => Promise.resolve(diskseq);
    expect(await wasPulledOut({ disk: 'sda', diskseq: 7 }, now(7))).toBe(false);
    expect(await wasPulledOut({ disk: 'sda', diskseq: 7 }, now(undefined))).toBe(true);
    expect(await wasPulledOut({ disk: 'sda', diskseq: 7 }, now(8))).toBe(true);
    expect(await wasPulledOut({ disk: 'sda' }, now(8))).toBe(false); // the note of an older version
  });

  it('may have lost what was written to it, and never is safe to unplug', () => {
    const [written, read] = [goneWhileOpen('BACKUP_1', true), goneWhileOpen('BACKUP_1', false)];
    expect(written).toMatchObject({ code: 'EXB_DISK_GONE', exitCode: 13 });
    expect(`${written.message} ${written.todo}`).toMatch(/unplugged while it was open.*may be lost.*next run checks/);
    expect(read.message).toContain('nothing on it was changed');
    expect(`${written.message}${written.todo}${read.message}${read.todo}`).not.toMatch(/safe to unplug/i);
  });
});
