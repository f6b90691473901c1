import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { messageOf, UsageError } from '../errors.ts';
import { wakeMachine } from '../notify/magic-packet.ts';
import { makeChannel } from '../notify/make-channel.ts';
import type { StartProgram } from '../system/command.ts';
import type { Answer, AnswerLine, Errand } from '../notify/courier.ts';
import { jsonOf } from '../system/parse-json.ts';
import { runHook } from '../pipeline/run-hook.ts';
import type { CliContext } from '../terminal/cli-context.ts';

/** Does tasks for the agent, all at once; started by extbackup-courier@.service. */
export function courierCommand(context: CliContext): Command {
  return new Command('courier')
    .description('deliver notices or start a hook (used by extbackup-courier@.service)')
    .addHelpText(
      'after',
      '\nExample:\n  systemctl cat extbackup-courier@\n\nThe tasks are a JSON array on standard input; ' +
        'the answers are JSON objects on standard output, one a line, in the order in which the tasks are done.',
    )
    .action(async () => {
      const errands = parseErrands(await text(process.stdin));
      await Promise.all(
        errands.map(async (each, number) => {
          const line: AnswerLine = { errand: number, ...(await doErrand(context.start, each)) };
          context.print(JSON.stringify(line));
        }),
      );
    });
}

/** The input is trusted: the agent of this package wrote it. */
function parseErrands(json: string): readonly Errand[] {
  const errands = jsonOf(json) as readonly Errand[] | undefined;
  if (errands !== undefined) return errands;
  throw new UsageError(
    'There is no task on standard input.',
    'Only the agent starts this command; see: systemctl cat extbackup-courier@',
  );
}

async function doErrand(start: StartProgram, errand: Errand): Promise<Answer> {
  const never = new AbortController().signal; // the agent cancels by stopping this unit
  switch (errand.kind) {
    case 'hook':
      return answerOf(undefined, await runHook(start, errand.hook, errand.environment, never));
    case 'wake':
      return attempt(() => wakeMachine(errand.mac));
    case 'notice':
      return attempt(() => makeChannel(errand.channel, start).send(errand.notice, never));
    case 'probe':
      return attempt(async () => makeChannel(errand.channel, start).probe?.(never));
  }
}

const answerOf = (said: string | undefined, failure: string | undefined): Answer => ({
  ...(failure !== undefined && { failure }),
  ...(said !== undefined && { said }),
});

async function attempt(task: () => Promise<unknown>): Promise<Answer> {
  try {
    const said = await task();
    return answerOf(typeof said === 'string' ? said : undefined, undefined);
  } catch (error) {
    return answerOf(undefined, messageOf(error));
  }
}
