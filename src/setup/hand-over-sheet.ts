import type { Config } from '../config/schema.ts';
import { saltCopyState } from '../records/salt-copy.ts';
import { sheetAsText } from '../restore/recovery-sheet-text.ts';
import { sheetOfStation, worthOfSheet } from '../restore/station-sheet.ts';
import { writeAtomically } from '../system/atomic-file.ts';
import type { CliContext } from '../terminal/cli-context.ts';

/** Show it, write it into a file, or leave it for later. */
export type SheetWish = 'show' | 'later' | { readonly file: string };

/** The end of a set-up: without a copy of the salt, every disk is lost when the station is. */
export async function handOverSheet(context: CliContext, config: Config, wish: SheetWish): Promise<void> {
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
