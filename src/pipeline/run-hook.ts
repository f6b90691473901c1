import type { Hook } from '../config/hook-schema.ts';
import { CommandError, type StartProgram } from '../system/command.ts';
import { endGroup } from '../system/process-group.ts';
import { whyNotTrusted } from '../system/trusted-program.ts';

const longestMessage = 200;

/**
 * Starts one hook: no shell, an empty standard input, two variables and `environment`. Its output is dropped, except
 * the first line of standard error after a failure. All its child processes end with it. @returns undefined after exit
 * code 0, else its end in words; never its arguments, which may hold a token
 */
export async function runHook(
  start: StartProgram,
  hook: Hook,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const distrust = await whyNotTrusted(hook.command);
  if (distrust !== undefined) return distrust;
  let said = '';
  let group: number | undefined;
  try {
    await start({
      file: `/${hook.command.slice(1)}`,
      args: hook.args,
      env: environment,
      timeoutMs: hook.timeout,
      signal,
      ownGroup: true,
      onStart: (pid) => {
        group = pid;
      },
      onStdout: () => undefined,
      onStderr: (chunk) => {
        said = (said + chunk).slice(0, longestMessage);
      },
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return howItEnded(error) + firstLine(said);
  } finally {
    if (group !== undefined) endGroup(group); // leftover processes could keep the disk from being closed
  }
}

function howItEnded({ timedOut, exitCode }: CommandError): string {
  if (timedOut) return 'took too long and was ended';
  return exitCode === undefined ? 'could not be started, or was killed' : `ended with exit code ${String(exitCode)}`;
}

/** A line with a slash may name a file of the backup, so it is not repeated. */
function firstLine(said: string): string {
  const line = (said.split('\n')[0] ?? '').replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, ' ').trim();
  return line === '' || line.includes('/') ? '' : `: ${line}`;
}
