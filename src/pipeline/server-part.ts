import { opendir, rm, rmdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { ownDirectory } from '../disk/own-directory.ts';
import { readLogBackwards, readTouched } from '../history/change-log.ts';
import type { HistoryEntry } from '../history/history-entry.ts';
import { beginCollecting, finishCollecting, historyDirectory, workDirectory } from '../history/work-directory.ts';
import { markGap } from '../history/complete-since.ts';
import { beginLog } from '../history/log-header.ts';
import { isBetterAsked, serverAt } from '../rsync/arguments.ts';
import type { KnownLink } from '../rsync/compression.ts';
import { deleteNamed } from '../rsync/delete-named.ts';
import { troubleOfDisk } from '../rsync/failure.ts';
import { fetchFile } from '../rsync/fetch-file.ts';
import type { Reach } from '../rsync/link.ts';
import { LinkError } from '../rsync/link-error.ts';
import { isFilled } from '../rsync/list-source.ts';
import { createLinkSpeeds, type LinkSpeeds } from '../records/link-speeds.ts';
import { moveToHistory } from '../rsync/move-to-history.ts';
import type { PullOrder, RsyncOutcome } from '../rsync/order.ts';
import { parseStats } from '../rsync/output.ts';
import { runOverLink } from '../rsync/over-link.ts';
import { placeForUnfinished } from '../rsync/unfinished.ts';
import type { Place } from '../rsync/ssh.ts';
import type { StartProgram } from '../system/command.ts';
import type { Confine } from '../system/confine.ts';
import { files, type Paths } from '../system/paths.ts';
import { startAttributeKeeper } from './attributes-part.ts';
import type { Machine } from './machine.ts';

/** The part of {@link Machine} that reads from a server. */
export type ServerPart = Pick<Machine, 'pull' | 'isFilled' | 'fetchFile'>;

/** Target and connection of a pull. */
interface Surroundings {
  /** Starts programs that see only the opened disk. */
  readonly start: StartProgram;
  readonly reach: Reach;
  readonly links: LinkSpeeds;
  /** Mount point of the opened disk. */
  readonly top: string;
  readonly mirrorName: string;
  /** Names at the top of the disk that the programs can write to. */
  readonly writable: string[];
}

/** @param mirrorName directory of the mirror on the disk */
export function createServerPart(
  start: StartProgram,
  paths: Paths,
  { reach: reachOut, confine }: { readonly reach: Reach; readonly confine: Confine },
  mirrorName: string,
): ServerPart {
  const writable = [mirrorName, workDirectory];
  const links = createLinkSpeeds(files.linkSpeeds(paths));
  const confined = async (runner: StartProgram, readable: readonly string[] = []): Promise<StartProgram> => {
    await makeProtected(paths.plaintext);
    return confine(runner, { disk: { top: paths.plaintext, writable }, readable });
  };
  const reach: Reach = (place, signal, work) =>
    reachOut(place, signal, async (line) => work({ ...line, start: await confined(line.start, line.needs) }));
  return {
    pull: async (order, signal) =>
      pull(order, { start: await confined(start), reach, links, top: paths.plaintext, mirrorName, writable }, signal),
    isFilled: (config, source, path, signal) =>
      orTrouble(
        () =>
          reach(placeOf({ config, source }), signal, ({ start, rsh }) =>
            isFilled(start, { config, source, path, rsh }, signal),
          ),
        ({ trouble, at }) => ({ filled: false, trouble, at }),
      ),
    fetchFile: (config, source, path, signal) =>
      orTrouble(
        () =>
          reach(placeOf({ config, source }), signal, ({ start, rsh }) =>
            fetchFile(start, { config, source, path, top: paths.plaintext, rsh }, signal),
          ),
        ({ trouble, at }) => ({ trouble, at }),
      ),
  };
}

async function pull(
  wanted: PullOrder,
  { start, reach, links, top, mirrorName, writable }: Surroundings,
  signal: AbortSignal,
): Promise<RsyncOutcome> {
  const { name } = wanted.source;
  const target = await ownDirectory(top, name === undefined ? mirrorName : join(mirrorName, name), 0o755);
  const collecting = await collect(top, wanted, writable).catch(diskTrouble);
  if ('trouble' in collecting) return { ...nothingDone, ...collecting };
  const order = collecting;
  const begun = order.history && (await beginLog(order.history.log, name, order.history.stamp).catch(diskTrouble));
  if (typeof begun === 'object') return { ...nothingDone, ...begun };
  const unfinished = order.survey === true ? undefined : await placeForUnfinished(top, target).catch(diskTrouble);
  if (typeof unfinished === 'object') return { ...nothingDone, ...unfinished };
  const nothingThere = await isEmpty(target);
  const whole = { top, mirror: join(top, mirrorName) };
  const attributes =
    order.survey === true ? undefined : await startAttributeKeeper(start, whole, wanted.history, signal);
  if (attributes?.trouble !== undefined) {
    if (order.history) await rm(order.history.log, { force: true }).catch(() => undefined);
    return { ...nothingDone, trouble: attributes.trouble };
  }
  const isAsked =
    order.survey !== true &&
    isBetterAsked({ ...(order.lastTime && { lastTime: order.lastTime }), isEmpty: nothingThere });
  const place = {
    ...{ mirror: target, isEmpty: nothingThere, isAsked },
    ...(begun !== undefined && { mark: begun }),
    ...(unfinished !== undefined && { unfinished }),
  };
  const there = { ...place, rsh: noRsh, top };
  const named = (await moveToHistory(start, order, there, signal)) ?? (await deleteNamed(start, order, there, signal));
  let isStarted = named !== undefined;
  const pullAll = (): Promise<RsyncOutcome> =>
    reach(placeOf(order), signal, async (line) => {
      isStarted = true;
      if (line.reached) order.onReached?.(line.reached);
      const there = { ...place, rsh: line.rsh, ...(line.state && { linkState: line.state }) };
      const server = serverAt(order.source, line.reached?.address);
      const memory = {
        known: () => links.known(server),
        note: (news: KnownLink) => links.note(server, news).catch(() => undefined), // nothing is lost but a figure
      };
      return { ...(await runOverLink(line.start, order, there, memory, signal)), at: line.reached?.address };
    });
  const ended = named?.isDone === true ? named : after(named, await orTrouble(pullAll, notReached));
  if (unfinished !== undefined) await rmdir(unfinished).catch(() => undefined); // not empty after a killed rsync
  const stays = order.history && (await hasSomething(order.history, ended));
  if (order.history && name !== undefined) await rmdir(order.history.directory).catch(() => undefined); // nothing was replaced
  const notMoved = await finishCollecting(top).then(() => undefined, diskTrouble); // the next run moves it
  const isTold = notMoved === undefined && (!isStarted || isToTheEnd(ended));
  const kept = await attributes?.end({ isTold, stays: stays === true });
  const outcome = { ...ended, ...(ended.trouble === undefined && notMoved), ...kept?.told };
  if (order.history === undefined && order.survey !== true && outcome.changed)
    await markGap(top, new Date()).catch(() => undefined); // a full disk: nothing was kept either
  // rsync makes the directory only when it has something to put there.
  if (order.history && stays === false && kept?.isKept !== true) await rm(order.history.log, { force: true });
  return outcome;
}

/** What is missing cannot be covered: a program in the box could make it. */
async function makeProtected(top: string): Promise<void> {
  try {
    for (const directory of ['.extbackup', historyDirectory]) await ownDirectory(top, directory);
  } catch (error) {
    if (troubleOfDisk(error) === undefined) throw error; // no room: for nobody
  }
}

/** The order, with the directory where rsync collects the files that it replaces. */
async function collect(top: string, order: PullOrder, writable: string[]): Promise<PullOrder> {
  const { history, source } = order;
  if (history === undefined) {
    await finishCollecting(top);
    return order;
  }
  const directory = await beginCollecting(top, history.name);
  if (directory === undefined) writable.push(historyDirectory);
  const collecting = directory === undefined ? history : { ...history, directory };
  // rsync creates only the last directory of the path.
  if (source.name !== undefined) await ownDirectory(top, relative(top, collecting.directory), 0o755);
  return { ...order, history: collecting };
}

/** Reads the changes from rsync's log. A killed rsync may have made changes that are not in its log. */
const isToTheEnd = ({ trouble }: RsyncOutcome): boolean => trouble === undefined || trouble === 'gaps';

/** Whether an rsync has changed something. */
const hasSomething = async ({ log }: HistoryEntry, { changed, trouble }: RsyncOutcome): Promise<boolean> =>
  changed || (trouble !== undefined && (await tellsOfChange(log)));

/** A killed rsync may have logged changes that we never read. */
async function tellsOfChange(log: string): Promise<boolean> {
  for await (const { path } of readTouched(log)) return path.length > 0;
  for await (const change of readLogBackwards(log)) return change.path.length > 0;
  return false;
}

async function isEmpty(directory: string): Promise<boolean> {
  const handle = await opendir(directory);
  try {
    return (await handle.read()) === null;
  } finally {
    await handle.close();
  }
}

/** The sum of two rsyncs of one order. */
const after = (before: RsyncOutcome | undefined, last: RsyncOutcome): RsyncOutcome =>
  before === undefined
    ? last
    : {
        ...last,
        changed: before.changed || last.changed,
        figures: { ...last.figures, filesDeleted: before.figures.filesDeleted + last.figures.filesDeleted },
      };

/** Work without the server needs no connection. */
const noRsh = '/usr/bin/false';

const placeOf = ({ config, source }: Pick<PullOrder, 'config' | 'source'>): Place => ({
  source: source.source,
  port: source.port,
  addresses: source.addresses,
  ssh: config.ssh,
});

async function orTrouble<T>(work: () => Promise<T>, outcomeOf: (error: NotReached) => T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LinkError) return outcomeOf(error);
    return outcomeOf({ ...diskTrouble(error), log: '', at: undefined });
  }
}

/** The outcome when no rsync was started. */
const nothingDone: RsyncOutcome = {
  figures: parseStats(''),
  entries: 0,
  skippedDeletions: 0,
  vanished: 0,
  changed: false,
  log: '',
};

type NotReached = Pick<RsyncOutcome, 'shortage'> & Pick<LinkError, 'trouble' | 'log' | 'at'>;

/** There was no connection. */
const notReached = (why: NotReached): RsyncOutcome => ({
  ...nothingDone,
  trouble: why.trouble,
  log: why.log,
  at: why.at,
  ...(why.shortage && { shortage: why.shortage }),
});

/** The outcome when the disk refused one of our files. @throws any error that is not from the disk */
function diskTrouble(error: unknown): Pick<RsyncOutcome, 'shortage'> & Pick<LinkError, 'trouble'> {
  const trouble = troubleOfDisk(error);
  if (trouble === undefined) throw error;
  return { trouble, ...(trouble === 'disk-full' && { shortage: 'blocks' }) };
}
