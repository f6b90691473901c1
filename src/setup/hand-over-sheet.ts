import type { Config } from '../config/schema.ts';
import { saltCopyState } from '../records/salt-copy.ts';
import { sheetAsText } from '../restore/recovery-sheet-text.ts';
import { sheetOfStation, worthOfSheet } from '../restore/station-sheet.ts';
import { writeAtomically } from '../system/atomic-file.ts';
import type { CliContext } from '../terminal/cli-context.ts';

/** Show it, write it into a file, or leave it for later. */
export type SheetWish = 'show' | 'later' | { readonly file: string };

/**
 * Hands over the recovery sheet after the preparation of the first disk, so that it names that disk. A preparation that
 * fails or is ended by Ctrl-C leaves a complete station: then it says how to print the sheet.
 * @returns what `prepare` returns
 * @throws what `prepare` throws
 */
export async function beforeSheet<T>(
  context: CliContext,
  config: Config,
  wish: SheetWish,
  prepare: () => Promise<T>,
): Promise<T> {
  let shown: SheetWish = wish === 'show' ? 'later' : wish;
  try {
    const prepared = await prepare();
    shown = wish;
    return prepared;
  } finally {
    await handOverSheet(context, config, shown);
  }
}

/** Without a copy of the salt, every disk is lost when the station is. */
async function handOverSheet(context: CliContext, config: Config, wish: SheetWish): Promise<void> {
  const { paths } = context;
  const isConfirmed = (await saltCopyState(paths)) === 'confirmed';
  if (typeof wish === 'string' && isConfirmed) return;
  if (wish === 'later') {
    context.print('The salt is only on this machine. Without a copy of it every disk is lost when this machine is:');
    context.print('  extbackup recovery-sheet');
    context.print('');
    return;
  }
  const text = sheetAsText(await sheetOfStation(paths, config, { withSalt: true, now: new Date() }));
  if (wish === 'show') context.print(`${text}\n`);
  else {
    await writeAtomically(wish.file, `${text}\n`, true);
    context.print(
      `\nThe recovery sheet is in ${wish.file}, which only root can read. Remove the file when it is printed.`,
    );
  }
  for (const line of worthOfSheet) context.print(line);
  context.print('');
}
