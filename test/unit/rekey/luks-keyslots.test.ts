import { expect, it } from 'vitest';
import { addKeyslot } from '../../../src/rekey/luks-keyslots.ts';
import type { StartProgram } from '../../../src/system/command.ts';

/** cryptsetup for a LUKS2 volume that opens with the old key, and with the new one once it was added. */
function fakeCryptsetup(): { readonly start: StartProgram; readonly added: string[][] } {
  const added: string[][] = [];
  const start: StartProgram = ({ args }) => {
    const [action] = args;
    if (action === 'luksAddKey') added.push([...args]);
    const opens = action !== 'open' || added.length > 0 || args.includes('/ram/old');
    return Promise.resolve({ exitCode: opens ? 0 : 2, stdout: '', stderr: '' });
  };
  return { start, added };
}

it('makes a keyslot as dear as that of a new disk, with no more memory than this machine can spare', async () => {
  const { start, added } = fakeCryptsetup();
  expect(await addKeyslot(start, 'BACKUP_1', '/dev/sdz1', { old: '/ram/old', new: '/ram/new' })).toBe(true);
  const [args, ...more] = added;
  expect(more).toEqual([]);
  expect(args?.join(' ')).toMatch(
    /^luksAddKey --batch-mode --key-file \/ram\/old --iter-time 2000 --pbkdf argon2id --pbkdf-memory \d{4,} \/dev\/sdz1 \/ram\/new$/,
  );
});

it('adds none where the new key opens already', async () => {
  const { start, added } = fakeCryptsetup();
  await addKeyslot(start, 'BACKUP_1', '/dev/sdz1', { old: '/ram/old', new: '/ram/new' });
  expect(await addKeyslot(start, 'BACKUP_1', '/dev/sdz1', { old: '/ram/old', new: '/ram/new' })).toBe(false);
  expect(added).toHaveLength(1);
});
