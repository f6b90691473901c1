import type { Config } from '../config/schema.ts';
import { sourcesFor } from '../config/sources.ts';
import { cancellable } from '../terminal/cancellable.ts';
import { markForRepair } from '../verify/bad-files.ts';
import {
  compareWithServer,
  differenceFile,
  type Comparison,
  type ComparisonResult,
} from '../verify/compare-with-server.ts';
import { withDisk, type OpenedDisk } from '../opening/with-disk.ts';
import { PullError } from '../errors.ts';
import { count } from '../text/wording.ts';
import { startInBox } from '../rsync/connect-in-box.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { everyFewSeconds } from '../terminal/every-few-seconds.ts';
import { serverAccess } from './ask-server.ts';
import type { JsonOutput } from './json-output.ts';

interface Options {
  readonly sample: number;
  readonly repair?: boolean;
  readonly json?: boolean;
}

/** Smallest sample, in files. */
const fewest = 100;

/** Compares a sample of a disk with the server. */
export async function verifyAgainstServer(
  context: CliContext,
  label: string | undefined,
  options: Options,
): Promise<void> {
  const { config, identity } = await serverAccess(context);
  const { name, result } = await cancellable('The disk is closed; nothing was changed.', (signal) =>
    withDisk(context.start, context.paths, { label, writable: true }, signal, async (disk) => ({
      name: disk.record.label,
      result: await compareDisk(context, config, identity, disk, options, signal),
    })),
  );
  const { drawn, same, differing, changedSince, missing } = result;
  context.print(
    options.json === true
      ? JSON.stringify({
          drive: name,
          drawn,
          same,
          differing: differing.length,
          changedSince,
          missing,
        } satisfies JsonOutput<'verify --against-server'>)
      : describe(name, result),
  );
  if (differing.length > 0) throw differs(name, differing.length, options.repair === true);
}

/** Compares an opened disk; with `--repair` marks differing files so that the next run copies them again. */
async function compareDisk(
  context: CliContext,
  config: Config,
  identity: string,
  { record, top, mirror }: OpenedDisk,
  options: Options,
  signal: AbortSignal,
): Promise<ComparisonResult> {
  const tell = everyFewSeconds();
  const comparison: Comparison = {
    top,
    mirror,
    config,
    sources: sourcesFor(config, record.label),
    identityFile: identity,
    sample: Math.max(options.sample, record.filesTotal === 0 ? 1 : Math.min(1, fewest / record.filesTotal)),
    onProgress: ({ drawn, compared }) => {
      tell(() => {
        context.note(
          compared === 0 ? `${count(drawn, 'file')} drawn` : `${compared} of ${count(drawn, 'file')} compared`,
        );
      });
    },
  };
  const inBox = await startInBox(context.start, config.ssh, identity, { top, writable: [] });
  const found = await compareWithServer(inBox, comparison, signal);
  if (options.repair === true) {
    const bad = found.differing.map((key) => ({ key, kind: 'damaged' as const }));
    await markForRepair(top, mirror, bad);
  }
  return found;
}

function differs(name: string, files: number, repaired: boolean): PullError {
  const advice = repaired
    ? "The next run copies them from the server; the disk's version goes to its history."
    : "Find out which side is right. For the server's version: the same command with --repair, then extbackup run.";
  return new PullError(
    'EXB_DIFFERS',
    `${count(files, 'file')} on disk ${name} ${files === 1 ? 'differs' : 'differ'} from the server in content, ` +
      'though size and time are equal.',
    `They are named in ${differenceFile} on the disk. ${advice}`,
  );
}

function describe(name: string, { drawn, same, changedSince, missing }: ComparisonResult): string {
  return (
    `Disk ${name}: sample of ${count(drawn, 'file')}, ${same} the same on the server, ` +
    `${changedSince} changed there since, ${missing} no longer there.`
  );
}
