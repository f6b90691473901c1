import type { CommandChannel } from '../config/notify-schema.ts';
import { CommandError, type StartProgram } from '../system/command.ts';
import { whyNotTrusted } from '../system/trusted-program.ts';
import type { Channel } from './channel.ts';

/** Starts a program of the operator's own; it reads the notice as one JSON object from standard input. */
export function createCommandChannel(settings: CommandChannel, start: StartProgram): Channel {
  return {
    name: `command ${settings.command}`,
    send: async (notice, signal) => {
      const distrust = await whyNotTrusted(settings.command);
      if (distrust !== undefined) throw new Error(`${settings.command} ${distrust}`);
      try {
        await start({
          file: asAbsolute(settings.command),
          args: settings.args,
          stdin: `${JSON.stringify(notice)}\n`,
          timeoutMs: settings.timeout,
          signal,
          ownGroup: true, // what it leaves in the background does not keep the notice from being told
          onStdout: () => undefined,
          onStderr: () => undefined,
        });
      } catch (error) {
        throw withoutArguments(error, settings.command);
      }
    },
  };
}

const asAbsolute = (file: string): `/${string}` => {
  if (file.startsWith('/')) return `/${file.slice(1)}`;
  throw new Error('the configuration was not checked');
};

/** An operator may have put a token into the arguments; it must not get into the journal with the failure. */
function withoutArguments(error: unknown, command: string): Error {
  if (!(error instanceof CommandError)) return new Error(`${command} failed`);
  if (error.timedOut) return new Error(`${command} took too long`);
  return new Error(
    error.exitCode === undefined
      ? `${command} could not be started, or was ended`
      : `${command} ended with exit code ${error.exitCode}`,
  );
}
