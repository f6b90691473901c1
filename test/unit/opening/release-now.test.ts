import { expect, it } from 'vitest';
import { releaseNow } from '../../../src/opening/release-now.ts';
import { defaultPaths } from '../../../src/system/paths.ts';

const disk = { label: 'BACKUP_1', luksUuid: 'u' };
const paths = { ...defaultPaths, run: '/nonexistent' };

it.each([
  ['nothing has it open', undefined, false, /^safe to unplug$/],
  ['a stranger has it open', { holders: ['look'], mountpoints: ['/root/look'] }, false, /^DO NOT UNPLUG.*as look/],
  ['only a mount is left of it', { holders: [], mountpoints: ['/media/x'] }, true, /^DO NOT UNPLUG.*\/media\/x/],
  ['the agent opens it again by itself', undefined, true, /^leave it plugged in/],
] as const)('%s', async (_what, use, goesOn, words) => {
  const now = await releaseNow(paths, { ...disk, goesOn }, () => Promise.resolve(use));
  expect(now.words).toMatch(words);
  expect(now.isSafe).toBe(now.words === 'safe to unplug');
});

it('calls no disk safe that the kernel lends to nobody else, though nothing is mounted or mapped', async () => {
  const idle = () => Promise.resolve(undefined);
  const claimed = await releaseNow(paths, disk, idle, () => Promise.resolve(true));
  expect(claimed).toEqual({ isSafe: false, words: 'DO NOT UNPLUG it: another program uses the disk' });
  const unknown = await releaseNow(paths, disk, idle, () => Promise.reject(new Error('EACCES')));
  expect(unknown).toEqual({ isSafe: false, words: expect.stringContaining('could not be measured') as string });
});

it('says nothing good of a disk that cannot be looked at', async () => {
  const now = await releaseNow(paths, disk, () => Promise.reject(new Error('EACCES')));
  expect(now).toEqual({ isSafe: false, words: expect.stringContaining('DO NOT UNPLUG') as string });
});
