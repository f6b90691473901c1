import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { umountCommand } from '../../../src/commands/umount.ts';
import type { OpenedByPerson } from '../../../src/opening/opened-by-person.ts';
import { closeForPerson } from '../../../src/opening/open-for-person.ts';
import { defaultPaths } from '../../../src/system/paths.ts';
import type { CliContext } from '../../../src/terminal/cli-context.ts';

vi.mock('../../../src/opening/open-for-person.ts', () => ({ closeForPerson: vi.fn() }));
vi.mock('../../../src/opening/closing-time.ts', () => ({ cancelClosingTime: () => Promise.resolve() }));

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
    ...{ paths: { ...defaultPaths, run: top, state: top }, start: vi.fn() },
    print: (text: string) => said.push(text),
  } as unknown as CliContext;
  const umount = (): Promise<unknown> => umountCommand(context).parseAsync([], { from: 'user' });
  vi.mocked(closeForPerson).mockResolvedValue({ ...opened, isGone: true });
  await expect(umount()).rejects.toMatchObject({ code: 'EXB_DISK_GONE', exitCode: 13 });
  expect(said).toEqual([]);
  vi.mocked(closeForPerson).mockResolvedValue({ ...opened, isGone: false });
  await umount();
  expect(said).toEqual(['Disk BACKUP_1 is closed. Safe to unplug.']);
});
