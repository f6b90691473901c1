import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { assertOwnDirectories, ownDirectory } from '../disk/own-directory.ts';
import { changeLogDirectory, historyDirectory, historyStand, newHistoryEntry } from '../history/history-entry.ts';
import { pruneHistory } from '../history/prune.ts';
import { removePartials } from '../rsync/partial-files.ts';
import type { StartProgram } from '../system/command.ts';
import { isThere } from '../system/is-there.ts';
import { writeNewFile } from '../system/new-file.ts';
import type { Paths } from '../system/paths.ts';
import { readSmallFile } from '../system/plain-file.ts';
import { verifyDrive } from '../verify/verify-drive.ts';
import type { Machine } from './machine.ts';
import { readHead } from './read-head.ts';
import { topOfMirror } from './top-of-mirror.ts';

/** The part of {@link Machine} that reads and writes the opened disk by itself. */
export type InsidePart = Pick<
  Machine,
  | 'readInside'
  | 'writeInside'
  | 'topOfMirror'
  | 'readHead'
  | 'newHistory'
  | 'historyStand'
  | 'pruneHistory'
  | 'verifyPart'
  | 'removePartials'
>;

/** @param mirrorName directory of the mirror on the disk */
export function createInsidePart(start: StartProgram, paths: Paths, mirrorName: string): InsidePart {
  const mirror = join(paths.plaintext, mirrorName);
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
  };
}

/** Replaces a small file of the opened disk; a link or a pipe that somebody put there is replaced, never followed. */
async function replaceFile(file: string, content: string): Promise<void> {
  const temporary = `${file}.new`;
  await rm(temporary, { force: true });
  await writeNewFile(temporary, content);
  await rename(temporary, file);
}
