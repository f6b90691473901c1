import { hostname } from 'node:os';
import { Command, Option } from 'commander';
import { readStatus } from '../client/read-status.ts';
import { rotationSetting } from '../config/rotation-setting.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { createRunLog } from '../records/run-log.ts';
import { cardFacts } from '../report/card-facts.ts';
import { quickCard, quickCardText } from '../report/quick-card.ts';
import { files } from '../system/paths.ts';
import { requireRoot } from '../system/require-root.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { languages, type Language } from '../words/languages.ts';
import { speakerOf } from '../words/speaker.ts';
import { writePage } from './write-page.ts';

interface Options {
  readonly html?: string;
  readonly language?: Language;
}

/** Makes the page for the wall beside the station. */
export function quickCardCommand(context: CliContext): Command {
  return new Command('quick-card')
    .description('make one page for the wall beside the station: what to do, what it says, whom to call')
    .option('--html <file>', 'write one sheet of A4 as an HTML page, to print')
    .addOption(new Option('--language <language>', 'default: the setting language').choices(languages))
    .addHelpText(
      'after',
      '\nExample:\n  extbackup quick-card --html /root/card.html --language de\n\n' +
        'It holds the name of the station, the labels of the disks, and the setting contact.',
    )
    .action(async ({ html, language }: Options) => {
      requireRoot('read the records of this station');
      const config = await context.loadConfig();
      const { paths, start } = context;
      const rotation = await rotationSetting(() => Promise.resolve(config));
      const now = new Date();
      const [status, records, runs] = await Promise.all([
        readStatus({ paths, start, rotation, drillEvery: config.drill.every }, now),
        createDriveRegistry(files.drives(paths)).list(),
        createRunLog(files.runs(paths)).list(),
      ]);
      const present = new Set(status.drives.flatMap(({ label, present: isHere }) => (isHere ? [label] : [])));
      const facts = cardFacts({ station: hostname(), contact: config.contact, now, records, present, rotation, runs });
      const words = speakerOf(language ?? config.language);
      if (html === undefined) context.print(quickCardText(facts, words));
      else await writePage(context, html, quickCard(facts, words));
    });
}
