import { sourcesOf } from '../config/sources.ts';
import { cancellable } from '../terminal/cancellable.ts';
import { markForRepair } from '../verify/bad-files.ts';
import { compareWithServer, differenceFile, type ComparisonResult } from '../verify/compare-with-server.ts';
import { withDisk } from '../opening/with-disk.ts';
import { KeyError, PullError } from '../errors.ts';
import { identityFile } from '../keys/ssh-key.ts';
import { count } from '../text/wording.ts';
import { isThere } from '../system/is-there.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { everyFewSeconds } from '../terminal/every-few-seconds.ts';

interface Options {
  readonly sample: number;
  readonly repair?: boolean;
  readonly json?: boolean;
}

/** So many files are drawn from a small mirror, whatever the share. */
const fewest = 100;

/** Compares a sample of a disk with the server. */
export async function verifyAgainstServer(
  context: CliContext,
  label: string | undefined,
  options: Options,
): Promise<void> {
  const config = await context.loadConfig();
  const identity = identityFile(context.paths, config.ssh);
  if (!(await isThere(identity)))
    throw new KeyError(
      'EXB_KEY_MISSING',
      'The ssh key is not loaded, so the server cannot be asked.',
      'Load it first: extbackup unlock',
    );
  const tell = everyFewSeconds();
  const { name, result } = await cancellable('The disk is closed; nothing was changed.', (signal) =>
    withDisk(context.runCommand, context.paths, { label, writable: true }, signal, async ({ record, top, mirror }) => {
      const sample = Math.max(options.sample, record.filesTotal === 0 ? 1 : Math.min(1, fewest / record.filesTotal));
      const found = await compareWithServer(
        context.runCommand,
        {
          top,
          mirror,
          config,
          sources: sourcesOf(config),
          identityFile: identity,
          sample,
          onProgress: ({ drawn, compared }) => {
            tell(() => {
              context.note(
                compared === 0 ? `${count(drawn, 'file')} drawn` : `${compared} of ${count(drawn, 'file')} compared`,
              );
            });
          },
        },
        signal,
      );
      if (options.repair === true)
        await markForRepair(
          top,
          mirror,
          found.differing.map((key) => ({ key, kind: 'damaged' })),
        );
      return { name: record.label, result: found };
    }),
  );
  const { drawn, same, differing, changedSince, missing } = result;
  context.print(
    options.json === true
      ? JSON.stringify({ drive: name, drawn, same, differing: differing.length, changedSince, missing })
      : describe(name, result),
  );
  if (differing.length === 0) return;
  const advice =
    options.repair === true
      ? 'The next run copies them from the server; what the disk has goes to its history.'
      : 'Look which side is right. To take what the server has: the same command with --repair, then extbackup run.';
  throw new PullError(
    'EXB_DIFFERS',
    `${count(differing.length, 'file')} on disk ${name} ${differing.length === 1 ? 'has' : 'have'} another content than on the server, under the same time and size.`,
    `They are named in ${differenceFile} on the disk. ${advice}`,
  );
}

function describe(name: string, { drawn, same, changedSince, missing }: ComparisonResult): string {
  return `Disk ${name}: ${count(drawn, 'file')} drawn, ${same} the same on the server, ${changedSince} changed there since, ${missing} no longer there.`;
}
