import { Command, Option } from 'commander';
import { readSalt } from '../keys/salt.ts';
import { confirmSaltCopy } from '../records/salt-copy.ts';
import { sheetAsHtml, sheetAsText } from '../restore/recovery-sheet-text.ts';
import { sheetOfStation, worthOfSheet } from '../restore/station-sheet.ts';
import { files } from '../system/paths.ts';
import { requireRoot } from '../system/require-root.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { localDay } from '../text/local-time.ts';

interface SheetOptions {
  readonly html?: true;
  readonly withSalt?: true;
  readonly withoutSalt?: true;
  readonly confirm?: true;
}

/** Prints how to read the disks with stock tools. */
export function recoverySheetCommand(context: CliContext): Command {
  return new Command('recovery-sheet')
    .description('print a sheet that explains how to read the disks on any Linux machine, without extbackup')
    .option('--html', 'print an HTML page')
    .addOption(
      new Option('--without-salt', 'print a blank line in place of the salt, to fill in by hand').conflicts('withSalt'),
    )
    .option('--with-salt', 'print the salt (the default)')
    .addOption(
      new Option(
        '--confirm',
        'print nothing; confirm that a sheet with the present salt is printed and kept',
      ).conflicts(['html', 'withSalt', 'withoutSalt']),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  extbackup recovery-sheet --html > /dev/shm/sheet.html\n  extbackup recovery-sheet --confirm\n\n' +
        'Keep the sheet apart from the disks, like a key.',
    )
    .action(async (options: SheetOptions) => {
      requireRoot('work on disks');
      if (options.confirm === true) await confirm(context);
      else await printSheet(context, options);
    });
}

async function printSheet(context: CliContext, options: SheetOptions): Promise<void> {
  const withSalt = options.withoutSalt !== true;
  const sheet = await sheetOfStation(context.paths, await context.loadConfig(), { withSalt, now: new Date() });
  context.print(options.html === true ? sheetAsHtml(sheet) : sheetAsText(sheet));
  if (withSalt) for (const line of worthOfSheet) context.note(line);
  else
    context.note(
      'THE SALT IS LEFT OUT. Without it the disks cannot be read: fill it in by hand, from ' +
        `${files.salt(context.paths)}, or print the sheet without --without-salt.`,
    );
}

async function confirm(context: CliContext): Promise<void> {
  const config = await context.loadConfig();
  const salt = await readSalt(files.salt(context.paths), config.key.derivation);
  const copy = await confirmSaltCopy(context.paths, salt, new Date());
  context.print(
    `Noted: on ${localDay(copy.confirmedAt)} the recovery sheet with the salt of fingerprint ${copy.salt} was printed.`,
  );
  context.print(
    'Compare this fingerprint with the one on the sheet. A password change makes a new salt, and a new sheet.',
  );
}
