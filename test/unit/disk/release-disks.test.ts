import { expect, it } from 'vitest';
import { releaseDisks, type ReleaseProof } from '../../../src/disk/release-disks.ts';
import { NotReleasedError } from '../../../src/errors.ts';

const never = (): Promise<never> => Promise.reject(new Error('no program is started here'));
const enrolled = [{ label: 'BACKUP_1', luksUuid: 'one' }];
const volume = { luksUuid: 'one', device: '/dev/sda1' as const, kname: 'sda1', disk: 'sda', diskseq: 1, usb: false };
/** A station where all is closed, but for what is given. */
const station = (changed: Partial<ReleaseProof> = {}): ReleaseProof => ({
  release: () => Promise.resolve({ closed: ['extbackup-BACKUP_1'], left: [] }),
  findVolumes: () => Promise.resolve([volume]),
  holdsOf: () => Promise.resolve([]),
  measure: () => Promise.resolve(undefined),
  ...changed,
});

it('tells what it closed when nothing holds a disk any more', async () => {
  const released = { closed: ['extbackup-BACKUP_1'], gone: [] };
  expect(await releaseDisks(never, enrolled, station())).toEqual(released);
});

it('tells which of the disks that it closed was pulled out before', async () => {
  const pulledOut = station({ findVolumes: () => Promise.resolve([]) });
  expect(await releaseDisks(never, enrolled, pulledOut)).toMatchObject({ gone: ['BACKUP_1'] });
  const idle = { ...pulledOut, release: () => Promise.resolve({ closed: [], left: [] }) };
  expect(await releaseDisks(never, enrolled, idle)).toEqual({ closed: [], gone: [] }); // in the safe
});

it.each<[string, Partial<ReleaseProof>, string]>([
  [
    'one that is not on USB and is held',
    { holdsOf: () => Promise.resolve(['sda1 is held by dm-3']) },
    'sda1 is held by dm-3',
  ],
  [
    'one that was pulled out while somebody had it open',
    { findVolumes: () => Promise.resolve([]), measure: () => Promise.resolve({ holders: ['look'], mountpoints: [] }) },
    'disk BACKUP_1 is open as look',
  ],
  [
    'one that is mounted where the agent does not look',
    { measure: () => Promise.resolve({ holders: [], mountpoints: ['/media/usb'] }) },
    '/media/usb',
  ],
])('does not call an enrolled disk safe: %s', async (_what, changed, words) => {
  const failure = await releaseDisks(never, enrolled, station(changed)).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(NotReleasedError);
  expect((failure as Error).message).toContain(words);
});
