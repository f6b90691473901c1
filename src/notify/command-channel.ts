import type { CommandChannel } from '../config/notify-schema.ts';
import { CommandError, type StartProgram } from '../system/command.ts';
import { channelName } from './channel-name.ts';
import type { Channel } from './channel.ts';
import { whyNotOnThisMachine } from './local-trouble.ts';
import { firstLine } from './secret-file.ts';

const keptStderr = 4_000;
const shortestSecret = 4;

/** Starts a program of the operator's own; it reads the notice as one JSON object from standard input. */
export function createCommandChannel(settings: CommandChannel, start: StartProgram): Channel {
  const check = async (): Promise<void> => {
    const reason = await whyNotOnThisMachine(settings);
    if (reason !== undefined) throw new Error(reason);
  };
  return {
    name: channelName(settings),
    send: async (notice, signal) => {
      await check();
      let said = '';
      try {
        await start({
          file: asAbsolute(settings.command),
          args: settings.args,
          stdin: `${JSON.stringify(notice)}\n`,
          timeoutMs: settings.timeout,
          signal,
          ownGroup: true, // a background process of the command does not delay the notice
          onStdout: () => undefined,
          onStderr: (chunk) => {
            if (said.length < keptStderr) said += chunk;
          },
        });
        return undefined;
      } catch (error) {
        throw withoutArguments(error, settings, said);
      }
    },
    probe: check,
  };
}

const asAbsolute = (file: string): `/${string}` => {
  if (file.startsWith('/')) return `/${file.slice(1)}`;
  throw new Error('the configuration was not checked');
};

/** The first line of the program's output, without its arguments: an operator may have put a token into one. */
function withoutArguments(error: unknown, { command, args }: CommandChannel, said: string): Error {
  if (!(error instanceof CommandError)) return new Error(`${command} failed`);
  if (error.timedOut) return new Error(`${command} took too long`);
  if (error.exitCode === undefined) return new Error(`${command} could not be started, or was killed`);
  const line = firstLine(
    said,
    args.filter((argument) => argument.length >= shortestSecret),
  );
  return new Error(`${command} ended with exit code ${error.exitCode}${line === '' ? '' : `: ${line}`}`);
}
