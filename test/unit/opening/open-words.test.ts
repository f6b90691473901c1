import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forgetOpened, noteOpened } from '../../../src/opening/opened-note.ts';
import { withMeasuredUse } from '../../../src/opening/open-words.ts';
import { driveStates, type DriveStatus } from '../../../src/protocol/status.ts';
import { defaultPaths, type Paths } from '../../../src/system/paths.ts';

let paths: Paths;
beforeEach(async () => {
  paths = { ...defaultPaths, run: await mkdtemp(`${tmpdir()}/open-words-`) };
  process.env['SUDO_USER'] = 'maria';
});
afterEach(async () => {
  delete process.env['SUDO_USER'];
  await rm(paths.run, { recursive: true });
});

const drive = (state: DriveStatus['state'], present = true): DriveStatus => ({
  label: 'BACKUP_1',
  luksUuid: 'u',
  present,
  state,
  enrolledAt: null,
  lastSuccess: null,
  drilledAt: null,
  overdue: false,
  nextUp: false,
  message: 'Done. The disk is closed: safe to unplug.',
  health: [],
});
const use =
  (...holders: string[]) =>
  () =>
    Promise.resolve({ holders, mountpoints: [] });
const free = () => Promise.resolve(undefined);
const at = new Date('2026-11-29T13:05:33Z');

describe('a disk that something has open', () => {
  const unsafe = ['running', 'do-not-unplug'];
  it.each(driveStates.filter((state) => state !== 'absent' && !unsafe.includes(state)))(
    'is never called what it was before: %s',
    async (state) => {
      await noteOpened(paths, 'extbackup-BACKUP_1', at);
      const shown = await withMeasuredUse(paths, drive(state), use('extbackup-BACKUP_1'));
      expect(shown.state).toBe('open');
      expect(shown.message).toMatch(/^open \(.+ by maria since 2026-11-29 13:05 UTC\): DO NOT UNPLUG$/);
    },
  );

  it('stays the affair of the agent during a run', async () => {
    expect(await withMeasuredUse(paths, drive('running'), use('extbackup-BACKUP_1'))).toEqual(drive('running'));
  });

  it('is open as well when no command of ours opened it', async () => {
    const shown = await withMeasuredUse(paths, drive('idle'), use('look'));
    expect(shown).toMatchObject({ state: 'open', message: 'open (as look): DO NOT UNPLUG' });
  });

  it('was left open by a killed program when nobody says that he uses it', async () => {
    const shown = await withMeasuredUse(paths, drive('idle'), use('extbackup-BACKUP_1'));
    expect(shown.state).toBe('do-not-unplug');
    expect(shown.message).toContain('extbackup release');
  });

  it('is told of when it was pulled out like that', async () => {
    const shown = await withMeasuredUse(paths, drive('absent', false), use('extbackup-BACKUP_1'));
    expect(shown).toMatchObject({ state: 'absent', present: false });
    expect(shown.message).toContain('extbackup release');
  });
});

describe('a disk that nothing has open', () => {
  it('keeps its state, and is not called open for an old note', async () => {
    await noteOpened(paths, 'extbackup-BACKUP_1', at);
    expect(await withMeasuredUse(paths, drive('safe-to-unplug'), free)).toEqual(drive('safe-to-unplug'));
    expect(await withMeasuredUse(paths, drive('open'), free)).toMatchObject({ state: 'idle', message: null });
  });

  it('leaves no words behind for the next who opens it', async () => {
    await noteOpened(paths, 'extbackup-BACKUP_1', at);
    await forgetOpened(paths, 'extbackup-BACKUP_1');
    expect((await withMeasuredUse(paths, drive('idle'), use('extbackup-BACKUP_1'))).state).toBe('do-not-unplug');
  });
});
