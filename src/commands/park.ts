import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { answerOf } from '../disk/park-by-unit.ts';
import { parkDisk, parkTaskSchema } from '../disk/park.ts';
import { UsageError } from '../errors.ts';
import { parseJson } from '../system/parse-json.ts';
import type { CliContext } from '../terminal/cli-context.ts';

/** Stops one closed disk for the agent; started by extbackup-park@.service. */
export function parkCommand(context: CliContext): Command {
  return new Command('park')
    .description('stop the motor of a closed disk (used by extbackup-park@.service)')
    .argument('<device>', 'name of its USB device in /sys/bus/usb/devices')
    .addHelpText(
      'after',
      '\nExample:\n  systemctl cat extbackup-park@\n\nThe task is one JSON object on standard input, ' +
        'the answer one JSON object on standard output.',
    )
    .action(async (usb: string) => {
      const task = parseJson(parkTaskSchema, await text(process.stdin));
      if (task === undefined)
        throw new UsageError(
          'There is no task on standard input.',
          'Only the agent starts this command; see: systemctl cat extbackup-park@',
        );
      context.print(answerOf(await parkDisk(task, usb)));
    });
}
