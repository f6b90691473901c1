import { hostname } from 'node:os';
import type { Bus } from '../bus/bus.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../errors.ts';
import type { Status } from '../protocol/status.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import { readReminders, writeReminders } from '../records/reminders.ts';
import type { RunLog } from '../records/run-log.ts';
import { reportFacts } from '../report/facts.ts';
import { reportPage } from '../report/report-page.ts';
import { reportText } from '../report/report-text.ts';
import { writeAtomically } from '../system/atomic-file.ts';
import { replacePage } from '../system/new-file.ts';
import { files, type Paths } from '../system/paths.ts';
import { speakerOf } from '../words/speaker.ts';

/** The parts that the watch uses. */
export interface ReportParts {
  readonly bus: Bus;
  readonly paths: Paths;
  readonly loadConfig: () => Promise<Config>;
  /** undefined before the first one. */
  readonly status: () => Status | undefined;
  readonly drives: () => Promise<readonly DriveRecord[]>;
  readonly runs: Pick<RunLog, 'list'>;
  readonly now: () => Date;
}

const topic = 'report';
const shownMs = 91 * 24 * 3_600_000;

/** Makes a check that sends the report when the setting `report.every` asks for it; the first one at once. */
export function createReportWatch(parts: ReportParts): () => Promise<void> {
  const { bus, paths, loadConfig, status, now } = parts;
  const file = files.reported(paths);
  return async () => {
    const config = await loadConfig().catch((error: unknown) => {
      if (error instanceof ConfigError) return undefined; // reported elsewhere, or not set up yet
      throw error;
    });
    const present = status();
    if (config?.report.every === undefined || present === undefined) return;
    const [time, before] = [now(), await readReminders(file)];
    const told = before.seen[topic]?.told;
    const age = told === undefined ? Infinity : time.getTime() - Date.parse(told);
    if (age >= 0 && age < config.report.every) return; // a time in the future comes from a wrong clock
    const at = time.toISOString();
    // Remember first, then report: a full disk must not lead to a message every hour.
    await writeReminders(file, before, { ...before, seen: { ...before.seen, [topic]: { since: at, told: at } } });
    bus.emit('report:made', await makeReport(parts, config, present, time));
  };
}

async function makeReport(
  { paths, drives, runs }: ReportParts,
  { report: { attach, html }, language }: Config,
  status: Status,
  now: Date,
) {
  const words = speakerOf(language);
  const since = new Date(now.getTime() - shownMs);
  const [records, past] = [await drives(), await runs.list()];
  const facts = reportFacts({ station: hostname(), now, since, status, records, runs: past, words });
  const page = reportPage(facts, words);
  const lines = [reportText(facts, words)];
  let attached: string | undefined;
  if (attach)
    try {
      await writeAtomically(files.report(paths), page, false);
      attached = files.report(paths);
    } catch (error) {
      lines.push(words.say('report.notAttached', { code: codeOf(error) }));
    }
  if (html !== undefined)
    try {
      await replacePage(html, page);
      lines.push(words.say('report.written', { file: html }));
    } catch (error) {
      lines.push(words.say('report.notWritten', { file: html, code: codeOf(error) }));
    }
  const { offlineCopy } = facts.rotation;
  const freshest = offlineCopy && {
    drive: offlineCopy.drive,
    ageSeconds: Math.max(0, Math.round((now.getTime() - Date.parse(offlineCopy.at)) / 1000)),
  };
  return { freshest, text: lines.join('\n\n'), ...(attached !== undefined && { page: attached }) };
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown reason';
