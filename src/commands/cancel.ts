import { Command } from 'commander';
import { requestAndFollow } from '../client/request.ts';
import { exitCodes } from '../errors.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { untilInterrupted } from '../terminal/interrupt.ts';
import { asExitCode } from './exit-code.ts';
import type { JsonOutput } from './json-output.ts';

/** Ends the present run and waits until its disk is closed. */
export function cancelCommand(context: CliContext): Command {
  return new Command('cancel')
    .description('end the present run and the queued runs, and wait until the disk is closed')
    .option('--drive <label>', 'only the run to this disk')
    .option('--json', 'the result as one JSON object')
    .addHelpText(
      'after',
      '\nExample:\n  extbackup cancel\n\nCopied files stay; LABEL keeps its time. The next plug-in, or `extbackup run`, starts a new run.',
    )
    .action(async ({ drive, json }: { drive?: string; json?: true }) => {
      const wish = { kind: 'cancel-runs', drive: drive ?? null } as const;
      const reply = await untilInterrupted((leave) => requestAndFollow(context.paths, wish, { leave }));
      const lines = [reply.happened, reply.todo].filter((line) => line !== '').join('\n');
      if (json === true) context.print(JSON.stringify(reply satisfies JsonOutput<'cancel'>));
      else if (reply.exitCode === exitCodes.done) context.print(lines);
      else context.note(lines);
      context.exitWith(asExitCode(reply.exitCode));
    });
}
