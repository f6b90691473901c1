import type { Config } from '../config/schema.ts';
import { messageOf, UsageError } from '../errors.ts';
import { saltCopyState } from '../records/salt-copy.ts';
import { sheetAsText } from '../restore/recovery-sheet-text.ts';
import { sheetOfStation, worthOfSheet } from '../restore/station-sheet.ts';
import { refuseToReplace } from '../system/given-file.ts';
import { writeAtomically } from '../system/atomic-file.ts';
import type { CliContext } from '../terminal/cli-context.ts';

/** Show it, write it into a file, or leave it for later: because somebody wishes so, or because a log would get it. */
export type SheetWish = 'show' | 'later' | 'not-into-log' | { readonly file: string };

/**
 * The wish of `--sheet`, `--no-sheet`, or neither. What is printed without a terminal may be kept in a log, and the
 * sheet holds the salt: then it is printed only if `--sheet -` asks for it.
 */
export function sheetWish(sheet: string | false | undefined, isTerminal: boolean): SheetWish {
  if (sheet === undefined) return isTerminal ? 'show' : 'not-into-log';
  return sheet === false ? 'later' : sheet === '-' ? 'show' : { file: sheet };
}

/**
 * Hands over the recovery sheet after the preparation of the first disk, so that it names that disk. A preparation that
 * fails or is ended by Ctrl-C leaves a complete station: then it says how to print the sheet.
 * @returns what `prepare` returns
 * @throws what `prepare` throws, whatever happens to the sheet; UsageError when only the sheet cannot be written
 */
export async function beforeSheet<T>(
  context: CliContext,
  config: Config,
  wish: SheetWish,
  prepare: () => Promise<T>,
): Promise<T> {
  let prepared: T;
  try {
    prepared = await prepare();
  } catch (error) {
    await handOverSheet(context, config, wish === 'show' ? 'later' : wish).catch((trouble: unknown) => {
      context.note(`${messageOf(trouble)} Print the recovery sheet later: extbackup recovery-sheet`);
    });
    throw error;
  }
  await handOverSheet(context, config, wish);
  return prepared;
}

/** Without a copy of the salt, every disk is lost when the station is. */
async function handOverSheet(context: CliContext, config: Config, wish: SheetWish): Promise<void> {
  const { paths } = context;
  const isConfirmed = (await saltCopyState(paths)) === 'confirmed';
  if (typeof wish === 'string' && isConfirmed) return;
  if (wish === 'later' || wish === 'not-into-log') {
    if (wish === 'not-into-log')
      context.print('The recovery sheet is not printed here: without a terminal, a log may keep the salt on it.');
    context.print('The salt is only on this machine. Without a copy of it every disk is lost when this machine is:');
    context.print('  extbackup recovery-sheet');
    context.print('');
    return;
  }
  const text = sheetAsText(await sheetOfStation(paths, config, { withSalt: true, now: new Date() }));
  if (wish === 'show') context.print(`${text}\n`);
  else {
    await writeSheet(wish.file, text);
    context.print(
      `\nThe recovery sheet is in ${wish.file}, which only root can read. Remove the file when it is printed.`,
    );
  }
  for (const line of worthOfSheet) context.print(line);
  context.print('');
}

async function writeSheet(file: string, text: string): Promise<void> {
  await refuseToReplace(file);
  await writeAtomically(file, `${text}\n`, true).catch((error: unknown) => {
    const { code = messageOf(error) } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `The recovery sheet cannot be written to ${file} (${code}).`,
      'The station is set up. Print the sheet: extbackup recovery-sheet',
      error,
    );
  });
}
