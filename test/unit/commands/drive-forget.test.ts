import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { driveForgetCommand } from '../../../src/commands/drive-state.ts';
import { createDriveRegistry } from '../../../src/records/drive-registry.ts';
import { defaultPaths, files } from '../../../src/system/paths.ts';
import type { CliContext } from '../../../src/terminal/cli-context.ts';
import { aRecord } from '../disk/devices.ts';

it.runIf(process.getuid?.() === 0)('forgets no disk unasked without a terminal, unless it is told to', async () => {
  const top = mkdtempSync(join(tmpdir(), 'drive-forget-'));
  onTestFinished(() => {
    rmSync(top, { recursive: true });
  });
  const paths = { ...defaultPaths, state: join(top, 'state'), run: join(top, 'run') };
  const registry = createDriveRegistry(files.drives(paths));
  await registry.update(() => [aRecord()]);
  const context = { paths, print: () => undefined, note: () => undefined } as unknown as CliContext;
  const forget = (...more: string[]): Promise<unknown> =>
    driveForgetCommand(context).parseAsync(['BACKUP_1', ...more], { from: 'user' });
  await expect(forget('--json')).rejects.toMatchObject({ exitCode: 2, todo: 'Add: --yes' });
  expect(await registry.list()).toHaveLength(1);
  await forget('--yes');
  expect(await registry.list()).toHaveLength(0);
});
