import { basename, dirname, join } from 'node:path';
import { forgetAttributes } from '../attributes/attribute-table.ts';
import { finishAttributes } from '../attributes/keep-attributes.ts';
import { assertOwnDirectories, ownDirectory } from '../disk/own-directory.ts';
import {
  changeLogDirectory,
  historyPosition,
  newHistoryEntry,
  type EntryTime,
  type HistoryEntry,
} from '../history/history-entry.ts';
import { finishCollecting, historyDirectory } from '../history/work-directory.ts';
import { markBeginning } from '../history/complete-since.ts';
import { budgetOf, type Budget } from '../history/budget.ts';
import { pruneHistory } from '../history/prune.ts';
import { markIfNoState } from '../history/thinned-mark.ts';
import { readRoom } from '../disk/room.ts';
import { awaitClock, continueTime, readClocks } from '../records/station-time.ts';
import { removePartials } from '../rsync/partial-files.ts';
import { addUndated, readUndated } from '../rsync/undated.ts';
import { clearUnfinished } from '../rsync/unfinished.ts';
import type { StartProgram } from '../system/command.ts';
import { isThere } from '../system/is-there.ts';
import { waitOnceForRemoval } from '../disk/gone-soon.ts';
import { replaceFile } from '../system/new-file.ts';
import { files, type Paths } from '../system/paths.ts';
import { readSmallFile } from '../system/plain-file.ts';
import { drawRollingPart } from '../verify/rolling-part.ts';
import { verifyDisk } from '../verify/verify-disk.ts';
import { countFiles, sizesOf } from './count-files.ts';
import { linkRenamed } from './link-renamed.ts';
import { historySize } from './history-size.ts';
import type { Machine } from './machine.ts';
import { readHead } from './read-head.ts';
import { topOfMirror } from './top-of-mirror.ts';

/** The part of {@link Machine} that reads and writes the opened disk by itself. */
export type InsidePart = Pick<
  Machine,
  | 'readInside'
  | 'writeInside'
  | 'topOfMirror'
  | 'countMirror'
  | 'sizesOf'
  | 'drawPart'
  | 'readUndated'
  | 'addUndated'
  | 'linkRenamed'
  | 'readHead'
  | 'newHistory'
  | 'historyPosition'
  | 'pruneHistory'
  | 'readRoom'
  | 'historySize'
  | 'continueTime'
  | 'verifyPart'
  | 'removePartials'
  | 'clearUnfinished'
>;

/** @param mirrorName directory of the mirror on the disk */
export function createInsidePart(start: StartProgram, paths: Paths, mirrorName: string): InsidePart {
  const mirror = join(paths.plaintext, mirrorName);
  let budget: Budget | undefined; // one machine serves one run
  return {
    readInside: async (path) => {
      if (dirname(path) !== '.') await assertOwnDirectories(paths.plaintext, dirname(path));
      return readSmallFile(join(paths.plaintext, path));
    },
    writeInside: async (path, content) => {
      if (dirname(path) !== '.') await ownDirectory(paths.plaintext, dirname(path));
      await replaceFile(join(paths.plaintext, path), content);
    },
    topOfMirror: () => topOfMirror(paths.plaintext, mirrorName),
    countMirror: ({ name }, signal) => countFiles(Buffer.from(join(mirror, name ?? '')), signal),
    sizesOf: ({ name }, paths, signal) => sizesOf(Buffer.from(join(mirror, name ?? '')), paths, signal),
    drawPart: ({ name }, share, whole, signal) =>
      drawRollingPart(paths.plaintext, { mirror, name }, share, whole, signal),
    readUndated: ({ name }) => readUndated({ top: paths.plaintext, mirror, name }),
    addUndated: ({ name }, printed) => addUndated({ top: paths.plaintext, mirror, name }, printed),
    linkRenamed: async (order, renaming, signal) => {
      // It gives files new names, which are not in the table of attributes.
      await finishAttributes(start, { top: paths.plaintext, mirror }, signal);
      await forgetAttributes(paths.plaintext);
      return linkRenamed(Buffer.from(join(mirror, order.source.name ?? '')), renaming, order, signal);
    },
    readHead: (path, { name }, entry) => readHead(join(entry?.directory ?? mirror, name ?? ''), path),
    continueTime: async (stepMs, signal) =>
      continueTime(files.time(paths), await readClocks(start, await awaitClock(start, signal)), stepMs),
    newHistory: (time) => newEntry(paths.plaintext, time),
    historyPosition: () => historyPosition(paths.plaintext),
    readRoom: () => readRoom(paths.plaintext),
    historySize: (signal) => historySize(start, paths.plaintext, signal),
    pruneHistory: async (pruning, signal) => {
      await assertOwnDirectories(paths.plaintext, historyDirectory, changeLogDirectory);
      budget ??= await budgetOf(paths.plaintext, pruning.rule);
      return pruneHistory(start, paths.plaintext, { ...pruning, budget }, signal);
    },
    verifyPart: (device, part, onProgress, signal) =>
      verifyDisk(
        start,
        {
          top: paths.plaintext,
          mirror: mirrorName,
          part,
          repair: false,
          isThere: waitOnceForRemoval(() => isThere(join('/sys/class/block', basename(device))), signal),
          onProgress: ({ files, bytes, share }) => {
            onProgress({ files, bytes, ...(share !== undefined && { percent: share * 100 }) });
          },
        },
        signal,
      ),
    removePartials: ({ name }) => removePartials(start, join(mirror, name ?? '')),
    clearUnfinished: () => finishCollecting(paths.plaintext).then(() => clearUnfinished(paths.plaintext)),
  };
}

async function newEntry(top: string, time: EntryTime | undefined): Promise<HistoryEntry> {
  const entry = await newHistoryEntry(top, new Date(), time);
  await markIfNoState(top, entry);
  await markBeginning(top, entry).catch(() => undefined); // on a full disk: the next run tries again
  return entry;
}
