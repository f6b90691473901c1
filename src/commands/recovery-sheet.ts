import { hostname } from 'node:os';
import { Command } from 'commander';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { buildRecoverySheet } from '../restore/recovery-sheet.ts';
import { sheetAsHtml, sheetAsText } from '../restore/recovery-sheet-text.ts';
import { readPreviousKeys } from '../keys/previous-keys.ts';
import { readSalt } from '../keys/salt.ts';
import { files } from '../system/paths.ts';
import { requireRoot } from '../system/require-root.ts';
import type { CliContext } from '../terminal/cli-context.ts';

/** Prints how to read the disks with stock tools. */
export function recoverySheetCommand(context: CliContext): Command {
  return new Command('recovery-sheet')
    .description('print a sheet that tells how to read the disks on any Linux machine, without extbackup')
    .option('--html', 'as an HTML page for printing')
    .option('--with-salt', 'fill in the salt; keep such a sheet apart from the disks, like a key')
    .addHelpText('after', '\nExample:\n  extbackup recovery-sheet --html > sheet.html')
    .action(async (options: { html?: boolean; withSalt?: boolean }) => {
      requireRoot('work on disks');
      const config = await context.loadConfig();
      const sheet = buildRecoverySheet({
        station: hostname(),
        config,
        drives: await createDriveRegistry(files.drives(context.paths)).list(),
        salt: await readSalt(files.salt(context.paths), config.key.derivation),
        previous: await readPreviousKeys(context.paths),
        withSalt: options.withSalt === true,
        printedAt: new Date(),
      });
      context.print(options.html === true ? sheetAsHtml(sheet) : sheetAsText(sheet));
      if (options.withSalt !== true)
        context.note(
          'The salt is left out; fill it in by hand, or add --with-salt. Without it the disks cannot be read.',
        );
    });
}
