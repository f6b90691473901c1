import type { Config } from '../config/schema.ts';
import { UsageError } from '../errors.ts';
import { askLine } from '../terminal/ask-question.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { threeTries } from '../terminal/three-tries.ts';
import { setupCommands, setupFiles } from './setup-commands.ts';
import { tryServers, type Tried } from './try-server.ts';

/**
 * Shows the script for the server in its two forms, waits until it has run there, and checks the server's
 * limits: it must refuse another command and a write. The station is complete without this.
 * @returns whether the server lets the station read, and do nothing else
 */
export async function letStationIn(context: CliContext, config: Config, directory: string): Promise<boolean> {
  const asker = { paths: context.paths, start: context.start, config };
  const before = await tryServers(asker);
  if (before.every(isGood)) {
    for (const one of before) context.note(lineOf(one));
    return true;
  }
  for (const line of twoForms(config, directory)) context.note(line);
  try {
    return await threeTries(
      async () => {
        const answer = await askLine('Press Enter when it has run there, or type "later":');
        if (answer !== '') return false;
        const tried = await tryServers(asker);
        for (const one of tried) context.note(lineOf(one));
        if (tried.every(isGood)) return true;
        throw new UsageError(
          'The server does not let this station read its directory alone.',
          'Look at it later: extbackup doctor',
        );
      },
      undefined,
      (text) => {
        context.note(text);
      },
    );
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    context.note(`${error.message} ${error.todo}`);
    return false;
  }
}

const isGood = ({ verdict }: Tried): boolean => verdict === 'ok';
const marks: Record<Tried['verdict'], string> = { ok: 'ok  ', warn: 'WARN', fail: 'FAIL' };
const lineOf = ({ verdict, happened, todo }: Tried): string =>
  `${marks[verdict]}  ${happened}${todo === '' ? '' : `\n      -> ${todo}`}`;

/** How the script gets to the server. */
export function twoForms(config: Config, directory: string): string[] {
  return [
    'The server needs a script, once, as root there. From another terminal of this machine, if root may log in there:',
    ...setupCommands(config, ` --directory ${directory}`).map((line) => `  ${line}`),
    'Or as a file to carry, and there: sh extbackup-server.sh',
    ...setupFiles(config, ` --directory ${directory}`).map((line) => `  ${line}`),
  ];
}
