import { describe, expect, it } from 'vitest';
import { PullError } from '../../../src/errors.ts';
import { assertStillThere, whileThere } from '../../../src/opening/disk-gone.ts';
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

describe('a disk that is pulled out during a command', () => {
  it('is named, whatever failed because of it', async () => {
    const unplugged = {
      code: 'EXB_DISK_GONE',
      message: 'Disk BACKUP_1 was unplugged while it was in use.',
      todo: expect.stringMatching(/Plug it in again.*--overwrite/) as string,
    };
    await expect(assertStillThere(gone, record)).rejects.toMatchObject(unplugged);
    await expect(whileThere(gone, record, signal, () => Promise.reject(failure))).rejects.toMatchObject(unplugged);
    await expect(assertStillThere(here, record)).resolves.toBeUndefined();
  });

  it('is not blamed while it is there, or when nobody could look, or when the command was cancelled', async () => {
    const work = (): Promise<never> => Promise.reject(failure);
    await expect(whileThere(here, record, signal, work)).rejects.toBe(failure);
    await expect(whileThere(() => Promise.reject(new Error('no lsblk')), record, signal, work)).rejects.toBe(failure);
    await expect(whileThere(gone, record, AbortSignal.abort(), work)).rejects.toBe(failure);
  });

  it('does not matter once the work is done', async () => {
    expect(await whileThere(gone, record, signal, () => Promise.resolve('done'))).toBe('done');
  });
});
