import { hostname } from 'node:os';
import { Command, Option } from 'commander';
import { readStatus } from '../client/read-status.ts';
import { drillEvery } from '../config/drill-setting.ts';
import { languageSetting } from '../config/language-setting.ts';
import { rotationSetting } from '../config/rotation-setting.ts';
import { UsageError } from '../errors.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { createRunLog } from '../records/run-log.ts';
import { evidencePage } from '../report/evidence-page.ts';
import { reportFacts, type ReportFacts } from '../report/facts.ts';
import { fleetPage, fleetText } from '../report/fleet-page.ts';
import { readFleet } from '../report/fleet.ts';
import { reportPage } from '../report/report-page.ts';
import { reportText } from '../report/report-text.ts';
import { files } from '../system/paths.ts';
import { requireRoot } from '../system/require-root.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { languages, type Language } from '../words/languages.ts';
import { english, speakerOf, type Speaker } from '../words/speaker.ts';
import type { JsonOutput } from './json-output.ts';
import { parseTime } from './parse-time.ts';
import { writePage } from './write-page.ts';

interface Options {
  readonly html?: string;
  readonly evidence?: boolean;
  readonly since?: Date;
  readonly from?: string;
  readonly json?: boolean;
  readonly language?: Language;
}

/** A day without a time means its beginning. */
const parseSince = (text: string): Date => parseTime(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text);

const day = 86_400_000;
const usualDays = 91;

const examples = `
Examples:
  extbackup report
  extbackup report --html /root/backups.html --since 2026-01-01
  extbackup report --evidence --html /root/evidence.html
  extbackup report --from /srv/stations --html /srv/www/stations.html

The page is one file without scripts, readable for root alone until you change that. It loads nothing from
elsewhere, and is read on a phone and on paper, too.
--from needs one file for each station: ssh STATION extbackup status --json > DIR/STATION.json`;

/** Writes a report of this station, or of many from their collected statuses. */
export function reportCommand(context: CliContext): Command {
  return new Command('report')
    .description('report on the copies, the rotation and the runs, as text or as one HTML page')
    .option('--html <file>', 'write a self-contained HTML page')
    .option('--evidence', 'the page for auditors: which copies exist, where they are, and when each was checked')
    .option('--since <time>', `runs since this day or time; without it, of the last ${usualDays} days`, parseSince)
    .option('--from <directory>', 'one page for many stations, from their collected status --json files')
    .addOption(new Option('--language <language>', 'default: the setting language').choices(languages))
    .option('--json', 'one JSON object, in English')
    .addHelpText('after', examples)
    .action(async (options: Options) => {
      if (options.evidence === true && options.html === undefined)
        throw new UsageError('--evidence makes a page.', 'Add: --html FILE');
      if (options.json === true && options.html !== undefined)
        throw new UsageError('--json does not go with --html.', 'Leave out one of them.');
      const made =
        options.from === undefined ? await ofStation(context, options) : await ofFleet(context, options, options.from);
      if (options.html === undefined) context.print(made);
      else await writePage(context, options.html, made);
    });
}

async function ofStation(context: CliContext, options: Options): Promise<string> {
  const { evidence, since, json, html } = options;
  requireRoot('read the records of this station');
  const now = new Date();
  if (since !== undefined && since.getTime() > now.getTime())
    throw new UsageError('The time after --since is in the future.', 'Name an earlier one.');
  const words = await speakerFor(context, options);
  const facts = await gather(context, words, now, since ?? new Date(now.getTime() - usualDays * day));
  if (json === true) return JSON.stringify(facts satisfies JsonOutput<'report'>);
  if (html === undefined) return reportText(facts, words);
  return evidence === true ? evidencePage(facts, words) : reportPage(facts, words);
}

/** Programs read English. */
const speakerFor = async (context: CliContext, { json, language }: Options): Promise<Speaker> =>
  json === true ? english : speakerOf(language ?? (await languageSetting(() => context.loadConfig())));

async function gather(context: CliContext, words: Speaker, now: Date, since: Date): Promise<ReportFacts> {
  const { paths, start } = context;
  const rotation = await rotationSetting(() => context.loadConfig());
  const every = await drillEvery(() => context.loadConfig());
  const [status, records, runs] = await Promise.all([
    readStatus({ paths, start, rotation, drillEvery: every }, now),
    createDriveRegistry(files.drives(paths)).list(),
    createRunLog(files.runs(paths)).list(),
  ]);
  return reportFacts({ station: hostname(), now, since, status, records, runs, words });
}

async function ofFleet(context: CliContext, options: Options, directory: string): Promise<string> {
  const { json, html, evidence } = options;
  if (evidence === true) throw new UsageError('--evidence does not go with --from.', 'Make it on each station.');
  const now = new Date();
  const words = await speakerFor(context, options);
  const stations = await readFleet(directory, now, words);
  if (json === true)
    return JSON.stringify({ version: 1, madeAt: now.toISOString(), stations } satisfies JsonOutput<'report --from'>);
  return html === undefined ? fleetText(stations, now, words) : fleetPage(stations, now, words);
}
