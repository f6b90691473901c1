/** What `extbackup restore` shows at a terminal, for a tree that is no opened disk: browse-a-tree.ts TOP */
import { browse } from '../../../src/commands/restore-browse.ts';
import { restoreFiles } from '../../../src/restore/restore-files.ts';
import { layersFor, targetIn } from '../../../src/restore/restore-plan.ts';
import { ExtbackupError } from '../../../src/errors.ts';
import { startProgram } from '../../../src/system/command.ts';

const [top = ''] = process.argv.slice(2);
const { signal } = new AbortController();
try {
  await browse(
    {
      label: 'BACKUP_1',
      top,
      mirror: 'backups',
      runs: [{ startedAt: '2026-01-20T06:59:00Z', endedAt: '2026-01-20T07:05:00Z' }],
    },
    {
      path: '.',
      at: undefined,
      to: undefined,
      overwrite: false,
      restore: async ({ path, at, directory, overwrite }) => {
        const order = {
          layers: await layersFor(top, 'backups', path, at),
          target: targetIn(directory, path),
          overwrite,
          dryRun: false,
        };
        await restoreFiles(startProgram, { ...order, onProgress: () => undefined, onName: () => undefined }, signal);
        console.log('restored');
      },
      note: (text) => {
        console.error(text);
      },
    },
    signal,
  );
} catch (error) {
  if (!(error instanceof ExtbackupError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
