import { Command, InvalidArgumentError } from 'commander';
import ms from 'ms';
import prettyBytes from 'pretty-bytes';
import { cancellable } from '../drives/cancellable.ts';
import { damageFile, verifyDrive } from '../drives/verify-drive.ts';
import type { Verdict } from '../drives/verify-tree.ts';
import { withDisk } from '../drives/with-disk.ts';
import { PullError } from '../errors.ts';
import { count } from '../notify/wording.ts';
import type { CliContext } from './cli-context.ts';

interface Options {
  readonly for?: number;
  readonly repair?: boolean;
  readonly json?: boolean;
}

/** Reads a disk back and compares. */
export function verifyCommand(context: CliContext): Command {
  return new Command('verify')
    .description('read a disk back and compare every file with its checksum on the disk')
    .argument('[label]', 'which disk, when several are plugged in')
    .option('--for <time>', 'only a part, as much as fits in this time; the next call goes on there', duration)
    .option('--repair', 'have the next run copy damaged files again')
    .option('--json', 'print the counts as one JSON object')
    .addHelpText('after', `\nExample:\n  extbackup verify BACKUP_1 --for 30m\n\nA file is compared from the second time on. Damaged files are named in ${damageFile} on the disk, nowhere else.`)
    .action((label: string | undefined, options: Options) => verify(context, label, options));
}

async function verify(context: CliContext, label: string | undefined, options: Options): Promise<void> {
  const started = Date.now();
  let toldAt = started;
  const { name, verdict } = await cancellable('The disk is closed; nothing of this verification was kept.', (signal) =>
    withDisk(context.runCommand, context.paths, { label, writable: true }, signal, async ({ record, top, mirror }) => ({
      name: record.label,
      verdict: await verifyDrive(context.runCommand, {
        top, mirror, repair: options.repair === true, ...(options.for === undefined ? {} : { limitMs: options.for }),
        onProgress: ({ files, bytes }) => {
          if (Date.now() - toldAt < 5_000) return;
          toldAt = Date.now();
          context.note(`${count(files, 'file')}, ${prettyBytes(bytes)}, ${prettyBytes((bytes * 1000) / (toldAt - started))}/s`);
        },
      }, signal),
    })));
  const { compared, recorded, bytes, damaged, unreadable, next } = verdict;
  const counts = { drive: name, compared, recorded, bytes, damaged: damaged.length, unreadable: unreadable.length, complete: next === undefined };
  context.print(options.json === true ? JSON.stringify(counts) : describe(name, verdict));
  const bad = damaged.length + unreadable.length;
  if (bad > 0) throw new PullError('EXB_DAMAGED', `${count(bad, 'file')} on disk ${name} ${bad === 1 ? 'is' : 'are'} damaged.`, `They are named in ${damageFile} on the disk. ${options.repair === true ? 'The next run copies them again; replace the disk if more turn up.' : 'Have the next run copy them again with: extbackup verify --repair'}`);
}

function describe(name: string, { compared, recorded, bytes, next }: Verdict): string {
  return [
    `Disk ${name}: ${count(compared, 'file')} compared, ${count(recorded, 'file')} read for the first time or since they changed, ${prettyBytes(bytes)} in all.`,
    next === undefined ? 'The whole mirror was read.' : 'The time was up; the next verification with --for goes on from there.',
  ].join('\n');
}

function duration(text: string): number {
  const value = /^\d+(?:\.\d+)?\s*[smhd]$/.test(text) ? ms(text as ms.StringValue) : 0;
  if (value < 1000) throw new InvalidArgumentError('It must be a number with a unit: 90s, 30m, 8h.');
  return value;
}
