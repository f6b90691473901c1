import { chmod, mkdir, opendir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readLogBackwards } from '../history/change-log.ts';
import { changeLogDirectory, historyDirectory, historyStand, newHistoryEntry } from '../history/history-entry.ts';
import { beginLog } from '../history/log-header.ts';
import { pruneHistory } from '../history/prune.ts';
import { verifyDrive } from '../verify/verify-drive.ts';
import type { Machine } from './machine.ts';
import type { PullOrder } from '../rsync/order.ts';
import type { RsyncOutcome } from '../rsync/order.ts';
import type { StartProgram } from '../system/command.ts';
import type { Confine } from '../system/confine.ts';
import { fetchFile } from '../rsync/fetch-file.ts';
import { deleteNamed } from '../rsync/delete-named.ts';
import { checkFilesystem, flushFilesystem, readFilesystemType, stampFile, wakeDevice } from '../disk/filesystem.ts';
import { readSmallFile } from '../system/plain-file.ts';
import { isThere } from '../system/is-there.ts';
import { lookForSomething } from '../rsync/list-source.ts';
import { ensureLuksClosed, isOpen, mappingPath, openLuks, readLuksUuid } from '../disk/luks.ts';
import { ensureUnmounted, mountAt, mountDevice, safeOptions } from '../disk/mounts.ts';
import { moveToHistory } from '../rsync/move-to-history.ts';
import { writeNewFile } from '../system/new-file.ts';
import { assertOwnDirectories, ownDirectory } from '../disk/own-directory.ts';
import { LinkError, type Reach } from '../rsync/link.ts';
import { files, type Paths } from '../system/paths.ts';
import { readHead } from './read-head.ts';
import { topOfMirror } from './top-of-mirror.ts';
import { runHook } from './run-hook.ts';
import { troubleOfDisk } from '../rsync/failure.ts';
import { parseStats } from '../rsync/output.ts';
import { isBetterAsked } from '../rsync/arguments.ts';
import { runRsync } from '../rsync/run-rsync.ts';
import type { Place } from '../rsync/ssh.ts';
import { removePartials } from '../rsync/partial-files.ts';

/** Units that do for the agent what it must not do itself. */
export interface Helpers {
  readonly reach: Reach;
  /** Runs a hook outside the agent's mount namespace, where the opened disk cannot be seen. */
  readonly runHookOutside: Machine['runHook'];
  /** For whatever reads what the server sends. */
  readonly confine: Confine;
}

/** {@link Machine} on the real one. `mirrorName` is the directory of the mirror on the disk. */
export function createMachine(
  start: StartProgram,
  paths: Paths,
  { reach: reachOut, runHookOutside, confine }: Helpers,
  mirrorName = 'backups',
): Machine {
  const mirror = join(paths.plaintext, mirrorName);
  const confined = (runner: StartProgram): Promise<StartProgram> => confine(runner, paths.plaintext);
  const reach: Reach = (place, signal, work) =>
    reachOut(place, signal, async (line) => work({ ...line, start: await confined(line.start) }));
  return {
    wake: (device, signal) => wakeDevice(start, device, signal),
    luksUuid: (device, signal) => readLuksUuid(start, device, signal),
    isOpen,
    open: (volume, signal) => openLuks(start, { ...volume, keyFile: files.luksKey(paths) }, signal),
    ensureClosed: (mapping) => ensureLuksClosed(start, mapping),
    filesystemType: (mapping) => readFilesystemType(start, mappingPath(mapping)),
    check: (mapping, fstype, signal) => checkFilesystem(start, mappingPath(mapping), fstype, signal),
    isMounted: async () => (await mountAt(paths.plaintext)) !== undefined,
    mount: async (mapping, fstype, signal) => {
      await mkdir(paths.plaintext, { recursive: true, mode: 0o700 });
      await mountDevice(start, mappingPath(mapping), paths.plaintext, fstype, safeOptions, signal);
      await chmod(paths.plaintext, 0o700); // where a person mounts it, other local users see nothing
    },
    ensureUnmounted: () => ensureUnmounted(start, paths.plaintext),
    readInside: async (path) => {
      if (dirname(path) !== '.') await assertOwnDirectories(paths.plaintext, dirname(path));
      return readSmallFile(join(paths.plaintext, path));
    },
    writeInside: async (path, content) => {
      if (dirname(path) !== '.') await ownDirectory(paths.plaintext, dirname(path));
      await replaceFile(join(paths.plaintext, path), content);
    },
    topOfMirror: () => topOfMirror(paths.plaintext, mirrorName),
    pull: async (order, signal) => {
      const { name } = order.source;
      const target = await ownDirectory(
        paths.plaintext,
        name === undefined ? mirrorName : join(mirrorName, name),
        0o755,
      );
      // rsync makes only the last directory on the way to the one of the source.
      if (order.history && name !== undefined)
        await ownDirectory(paths.plaintext, join(historyDirectory, order.history.name), 0o755);
      const begun = order.history && (await beginLog(order.history.log, name).catch(diskTrouble));
      if (typeof begun === 'object') return { ...nothingDone, ...begun };
      const nothingThere = await isEmpty(target);
      const isAsked =
        order.survey !== true &&
        isBetterAsked({ ...(order.lastTime && { lastTime: order.lastTime }), isEmpty: nothingThere });
      const place = { mirror: target, isEmpty: nothingThere, isAsked, ...(begun !== undefined && { mark: begun }) };
      const there = { ...place, rsh: noRsh, top: paths.plaintext };
      const named =
        (await moveToHistory(await confined(start), order, there, signal)) ??
        (await deleteNamed(await confined(start), order, there, signal));
      const pullAll = (): Promise<RsyncOutcome> =>
        reach(placeOf(order), signal, (line) => runRsync(line.start, order, { ...place, rsh: line.rsh }, signal));
      const outcome = named?.isDone === true ? named : after(named, await orTrouble(pullAll, notReached));
      if (order.history && name !== undefined) await rmdir(order.history.directory).catch(() => undefined); // nothing was replaced
      // rsync makes the directory only when it has something to put there.
      if (
        order.history &&
        !outcome.changed &&
        !(outcome.trouble !== undefined && (await tellsOfChange(order.history.log)))
      )
        await rm(order.history.log, { force: true });
      return outcome;
    },
    isFilled: (config, source, path, signal) =>
      orTrouble(
        () =>
          reach(placeOf({ config, source }), signal, ({ start, rsh }) =>
            lookForSomething(start, { config, source, path, rsh }, signal),
          ),
        ({ trouble }) => ({ filled: false, trouble }),
      ),
    fetchFile: (config, source, path, signal) =>
      orTrouble(
        () =>
          reach(placeOf({ config, source }), signal, ({ start, rsh }) =>
            fetchFile(start, { config, source, path, top: paths.plaintext, rsh }, signal),
          ),
        ({ trouble }) => ({ trouble }),
      ),
    readHead: (path, { name }, entry) => readHead(join(entry?.directory ?? mirror, name ?? ''), path),
    newHistory: () => newHistoryEntry(paths.plaintext, new Date()),
    historyStand: () => historyStand(paths.plaintext),
    pruneHistory: async (rule, signal) => {
      await assertOwnDirectories(paths.plaintext, historyDirectory, changeLogDirectory);
      return pruneHistory(start, paths.plaintext, rule, signal);
    },
    verifyPart: (device, part, onProgress, signal) =>
      verifyDrive(
        start,
        {
          top: paths.plaintext,
          mirror: mirrorName,
          part,
          repair: false,
          isThere: () => isThere(join('/sys/class/block', basename(device))),
          onProgress: ({ files, bytes, share }) => {
            onProgress({ files, bytes, ...(share !== undefined && { percent: share * 100 }) });
          },
        },
        signal,
      ),
    removePartials: ({ name }) => removePartials(start, join(mirror, name ?? '')),
    // While the disk is mounted, only the agent's own programs see it; they have no network. The others need not be among them.
    runHook: (hook, environment, signal) =>
      hook.when === 'before-mount' || hook.when === 'after-close'
        ? runHookOutside(hook, environment, signal)
        : runHook(start, hook, environment, signal),
    flush: (signal) => flushFilesystem(start, paths.plaintext, signal),
    stamp: (at) => stampFile(join(paths.plaintext, 'LABEL'), at),
  };
}

/** Of an rsync that was ended, more may be in its log than was heard of it. */
async function tellsOfChange(log: string): Promise<boolean> {
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

/** What two rsyncs of one order did together. */
const after = (before: RsyncOutcome | undefined, last: RsyncOutcome): RsyncOutcome =>
  before === undefined
    ? last
    : {
        ...last,
        changed: before.changed || last.changed,
        figures: { ...last.figures, filesDeleted: before.figures.filesDeleted + last.figures.filesDeleted },
      };

/** What asks no server needs no connection. */
const noRsh = '/usr/bin/false';

const placeOf = ({ config, source }: Pick<PullOrder, 'config' | 'source'>): Place => ({
  source: source.source,
  port: source.port,
  ssh: config.ssh,
});

async function orTrouble<T>(
  work: () => Promise<T>,
  outcomeOf: (error: Pick<LinkError, 'trouble' | 'log'>) => T,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LinkError) return outcomeOf(error);
    const trouble = troubleOfDisk(error);
    if (trouble !== undefined) return outcomeOf({ trouble, log: '' });
    throw error;
  }
}

/** The outcome of an rsync that was not started. */
const nothingDone: RsyncOutcome = {
  figures: parseStats(''),
  entries: 0,
  skippedDeletions: 0,
  vanished: 0,
  changed: false,
  log: '',
};

/** For want of a connection. */
const notReached = ({ trouble, log }: Pick<LinkError, 'trouble' | 'log'>): RsyncOutcome => ({
  ...nothingDone,
  trouble,
  log,
});

/** Because the disk did not take its log. */
function diskTrouble(error: unknown): Pick<RsyncOutcome, 'trouble'> {
  const trouble = troubleOfDisk(error);
  if (trouble === undefined) throw error;
  return { trouble };
}

/** Replaces a small file of the opened disk; a link or a pipe that somebody put there is replaced, never followed. */
async function replaceFile(file: string, content: string): Promise<void> {
  const temporary = `${file}.new`;
  await rm(temporary, { force: true });
  await writeNewFile(temporary, content);
  await rename(temporary, file);
}
