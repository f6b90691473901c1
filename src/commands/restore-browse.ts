import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { directoryAt, type Entry } from '../restore/directory-at.ts';
import { describePath } from '../restore/restore-list.ts';
import { findVersions, pathInMirror, targetIn } from '../restore/restore-plan.ts';
import { shownText } from '../text/shown-name.ts';
import { UsageError } from '../errors.ts';
import { listHistory } from '../history/history-entry.ts';
import { askLine, askYes } from '../terminal/ask-question.ts';
import { choose, type Choice } from '../terminal/choose.ts';
import { parseTyped } from './parse-time.ts';
import { zonedTime } from '../text/local-time.ts';

/** A disk to browse. */
export interface Browsable {
  readonly label: string;
  /** Where it is mounted. */
  readonly top: string;
  readonly mirror: string;
  /** Its known runs. Each rsync of a run has its own entry in the history, but a run is offered as one date. */
  readonly runs: readonly { readonly startedAt: string; readonly endedAt: string }[];
}

/** The person's choice. */
export interface Picked {
  /** Below the mirror. */
  readonly path: string;
  /** undefined for the mirror as it is. */
  readonly at: Date | undefined;
  readonly directory: string;
  readonly overwrite: boolean;
}

/** The start of a browsing session, and the action for each choice. */
export interface BrowseOrder {
  readonly path: string;
  readonly at: Date | undefined;
  /** Default directory for restored files. */
  readonly to: string | undefined;
  readonly overwrite: boolean;
  /** @throws UsageError when the choice cannot be restored like this; the message is shown and browsing goes on */
  restore(pick: Picked): Promise<void>;
  note(text: string): void;
}

type Step =
  | { readonly go: 'quit' }
  | { readonly go: 'date' }
  | { readonly go: 'up' }
  | { readonly go: 'all' }
  | { readonly go: 'into'; readonly entry: Entry };

/** Lets a person browse a disk, at any date, and restores each choice, until the person ends it. */
export async function browse(disk: Browsable, order: BrowseOrder, signal: AbortSignal): Promise<void> {
  let { path, at, to } = order;
  const restore = async (picked: string, version: Date | undefined): Promise<void> => {
    to = await offer({ ...order, to }, picked, version, signal);
  };
  for (;;) {
    const step = await chooseStep(disk, path, at, signal);
    if (step.go === 'quit') return;
    if (step.go === 'date') at = await chooseDate(disk, signal);
    else if (step.go === 'up') path = pathInMirror(join(path, '..'));
    else if (step.go === 'all') await restore(path, at);
    else if (step.entry.name !== undefined) {
      const inside = pathInMirror(join(path, step.entry.name));
      if (step.entry.isDirectory) path = inside;
      else {
        const version = await chooseVersion(disk, inside, at, signal);
        if (version) await restore(inside, version.at);
      }
    }
  }
}

async function chooseStep(disk: Browsable, path: string, at: Date | undefined, signal: AbortSignal): Promise<Step> {
  const entries = await directoryAt(disk.top, disk.mirror, path, at);
  const actions: Choice<Step>[] = [
    ...(path === '.' ? [] : [{ name: '..', value: { go: 'up' } as const }]),
    { name: '[restore this whole directory]', value: { go: 'all' } },
    { name: '[choose another date]', value: { go: 'date' } },
    { name: '[enough]', value: { go: 'quit' } },
  ];
  const things = entries.map((entry): Choice<Step> => ({
    name: `${entry.shown}${entry.isDirectory ? '/' : ''}`,
    value: { go: 'into', entry },
    describe: () => describePath(entry.path),
    ...(entry.name === undefined && { disabled: '(name is not UTF-8: restore its directory)' }),
  }));
  const title = `${disk.label}:/${path === '.' ? '' : shownText(path)}, ${asOf(at)}`;
  return choose(title, [...actions, ...things], signal);
}

/** The last backup, or the state just before any run in the history. */
async function chooseDate(disk: Browsable, signal: AbortSignal): Promise<Date | undefined> {
  const stamped = await stat(join(disk.top, 'LABEL')).then(
    ({ mtime }) => `, ${inWords(mtime)}`,
    () => '',
  );
  const history = await listHistory(disk.top);
  const states = history.filter(({ isThinned }) => isThinned !== true).map(({ at }) => at);
  const runs = beginnings(states, disk.runs).map((at): Choice<Date | undefined> => ({
    name: `before the run of ${inWords(at)}`,
    value: justBefore(at),
  }));
  return choose(
    'Which date? Choose, or type one',
    [{ name: `the last backup${stamped}`, value: undefined }, ...runs],
    signal,
    (typed) => {
      const at = parseTyped(typed);
      return at === undefined ? [] : [{ name: `as it was on ${inWords(at)}`, value: at }];
    },
  );
}

/** The first entry of each run; an entry without a known run counts as a run. */
export function beginnings(entries: readonly Date[], runs: Browsable['runs']): Date[] {
  const runOf = (at: Date): number =>
    runs.findIndex(
      ({ startedAt, endedAt }) => at.getTime() >= Date.parse(startedAt) && at.getTime() <= Date.parse(endedAt),
    );
  return entries.filter((at) => runOf(at) < 0 || !entries.some((other) => other < at && runOf(other) === runOf(at)));
}

/** undefined when the person wants none of them. */
async function chooseVersion(
  disk: Browsable,
  path: string,
  at: Date | undefined,
  signal: AbortSignal,
): Promise<{ readonly at: Date | undefined } | undefined> {
  const versions = await findVersions(disk.top, disk.mirror, path);
  if (versions.length === 1) return { at };
  const choices = versions.map(({ path: place, offered: until }): Choice<{ at: Date | undefined }> => ({
    name: until === undefined ? 'in the mirror' : `until the run of ${inWords(until)}`,
    value: { at: until === undefined ? undefined : justBefore(until) },
    describe: () => describePath(Buffer.from(place)),
  }));
  const then = at === undefined ? [] : [{ name: `[${asOf(at)}]`, value: { at } }];
  return choose(
    `Which version of ${shownText(path)}?`,
    [...then, ...choices, { name: '[none of them]', value: undefined }],
    signal,
  );
}

/** Asks for a directory and restores into it. Returns the default directory for the next choice. */
async function offer(
  order: BrowseOrder,
  path: string,
  at: Date | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const known = order.to;
  const typed = await askLine(
    `Restore ${path === '.' ? 'everything' : shownText(path)}, ${asOf(at)}, to which directory?` +
      (known === undefined ? '' : ` [${shownText(known)}]`),
    signal,
  );
  const directory = typed === '' ? known : resolve(typed);
  if (directory === undefined) {
    order.note('Nothing was copied.');
    return known;
  }
  const wish = { path, at, directory };
  try {
    await order.restore({ ...wish, overwrite: order.overwrite });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    order.note(error.message);
    if (await askYes(`Overwrite files in ${shownText(targetIn(directory, path))}? Nothing is deleted there.`, signal))
      await order.restore({ ...wish, overwrite: true });
  }
  return directory;
}

const asOf = (at: Date | undefined): string => (at === undefined ? 'as of the last backup' : `as of ${inWords(at)}`);

const justBefore = (at: Date): Date => new Date(at.getTime() - 1);

const inWords = (at: Date): string => zonedTime(at, 'second');
