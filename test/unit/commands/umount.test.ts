import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { umount } from '../../../src/commands/umount.ts';
import type { OpenedByPerson } from '../../../src/opening/opened-by-person.ts';
import { defaultPaths } from '../../../src/system/paths.ts';
import type { CliContext } from '../../../src/terminal/cli-context.ts';

const opened: OpenedByPerson = {
  version: 1,
  ...{ label: 'BACKUP_1', luksUuid: 'no-such-uuid', disk: 'sdz', since: '2026-03-01T10:00:00Z' },
  ...{ by: 'anna', writable: true },
};

it.runIf(process.getuid?.() === 0)('calls no disk safe to unplug that is pulled out already', async () => {
  const top = mkdtempSync(join(tmpdir(), 'umount-'));
  onTestFinished(() => {
    rmSync(top, { recursive: true });
  });
  const said: string[] = [];
  const context = {
    ...{
      paths: { ...defaultPaths, run: top, state: top },
      start: () => Promise.resolve({ exitCode: 0, stdout: '', stderr: '' }),
    },
    print: (text: string) => said.push(text),
  } as unknown as CliContext;
  const closing = (isGone: boolean): Promise<void> => umount(context, {}, () => Promise.resolve({ ...opened, isGone }));
  await expect(closing(true)).rejects.toMatchObject({ code: 'EXB_DISK_GONE', exitCode: 13 });
  expect(said).toEqual([]);
  await closing(false);
  expect(said).toEqual(['Disk BACKUP_1 is closed. Safe to unplug.']);
});
