import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { partialDir } from '../system/rsync.ts';
import { throwIfCancelled } from '../pipeline/undo.ts';
import { checksumFile, comparePaths, createChecksumWriter, readChecksums, type ChecksumEntry } from './checksum-file.ts';

/** What to read back. */
export interface VerifyOrder {
  /** Where the disk is mounted, with write access. */
  readonly top: string;
  readonly mirror: string;
  /** Where the last part ended; undefined starts with the first file. */
  readonly from?: string;
  /** Milliseconds since 1970 after which no further file is begun. */
  readonly until?: number;
  onProgress(progress: { readonly files: number; readonly bytes: number }): void;
}

/** What was found. Paths as in {@link ChecksumEntry}: only for the report on the disk. */
export interface Verdict {
  /** Files that were read back and compared. */
  readonly compared: number;
  /** Files read for the first time, or since they changed: from now on they can be compared. */
  readonly recorded: number;
  readonly bytes: number;
  /** Content that is not what it was, although neither size nor time has changed. */
  readonly damaged: readonly string[];
  /** The disk could not read them. */
  readonly unreadable: readonly string[];
  /** Where to go on next time; undefined when the end was reached. */
  readonly next: string | undefined;
}

/** A disk that fails altogether is not read to its end. */
const mostUnreadable = 100;

/**
 * Reads the mirror back and compares it with the checksums on the disk, which are brought up to date. Memory does not
 * grow with the number of files: both are read in the same order.
 * @throws what the signal says when it is aborted; errors of writing
 */
export async function verifyTree(order: VerifyOrder, signal: AbortSignal): Promise<Verdict> {
  const file = join(order.top, checksumFile);
  const writer = await createChecksumWriter(file);
  const known = peekable(readChecksums(file));
  const root = Buffer.from(join(order.top, order.mirror));
  const damaged: string[] = [];
  const unreadable: string[] = [];
  const done = { compared: 0, recorded: 0, bytes: 0 };
  let next: string | undefined;
  try {
    for await (const path of walk(root, '')) {
      const inTurn = order.from === undefined || comparePaths(path, order.from) >= 0;
      if (inTurn && ((order.until !== undefined && Date.now() >= order.until) || unreadable.length >= mostUnreadable)) {
        next = path;
        break;
      }
      throwIfCancelled(signal);
      let before: ChecksumEntry | undefined;
      while ((before = await known.peek()) !== undefined && comparePaths(before.path, path) < 0) known.drop(); // deleted since
      if (before?.path === path) known.drop();
      else before = undefined;
      if (!inTurn) {
        if (before) await writer.add(before);
        continue;
      }
      const now = await readBack(root, path, signal);
      if (now === 'gone') continue;
      if (now === 'unreadable') {
        unreadable.push(path);
        if (before) await writer.add(before);
        continue;
      }
      done.bytes += now.size;
      const same = before?.size === now.size && before.mtimeNs === now.mtimeNs ? before : undefined;
      if (same) done.compared += 1;
      else done.recorded += 1;
      if (same !== undefined && same.sha256 !== now.sha256) damaged.push(path);
      await writer.add(same ?? now); // a damaged file keeps the checksum that it should have
      order.onProgress({ files: done.compared + done.recorded, bytes: done.bytes });
    }
    if (next !== undefined) {
      for (let rest = await known.peek(); rest !== undefined; rest = await known.peek()) {
        await writer.add(rest);
        known.drop();
      }
    }
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  await writer.finish();
  return { ...done, damaged, unreadable, next };
}

/** Paths of the plain files below a directory, in the order of {@link comparePaths}. */
async function* walk(root: Buffer, prefix: string): AsyncGenerator<string> {
  const entries = await readdir(Buffer.concat([root, bytesOf(prefix === '' ? '' : `/${prefix}`)]), { withFileTypes: true, encoding: 'buffer' });
  const named = entries.map((entry) => ({ name: entry.name.toString('latin1'), directory: entry.isDirectory(), file: entry.isFile() }));
  for (const { name, directory, file } of named.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = prefix === '' ? name : `${prefix}/${name}`;
    if (directory && name !== partialDir) yield* walk(root, path);
    else if (file) yield path;
  }
}

/** A path as the bytes that it stands for. */
export const bytesOf = (path: string): Buffer => Buffer.from(path, 'latin1');

async function readBack(root: Buffer, path: string, signal: AbortSignal): Promise<ChecksumEntry | 'gone' | 'unreadable'> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(Buffer.concat([root, bytesOf(`/${path}`)]), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NOATIME);
    const stats = await handle.stat({ bigint: true });
    const hash = createHash('sha256');
    const stream = handle.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024, signal });
    for await (const chunk of stream) hash.update(chunk as Buffer);
    return { path, size: Number(stats.size), mtimeNs: String(stats.mtimeNs), sha256: hash.digest('hex') };
  } catch (error) {
    throwIfCancelled(signal);
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'gone';
    if (code === 'EIO' || code === 'EBADMSG' || code === 'EUCLEAN' || code === 'ENODATA') return 'unreadable';
    throw error;
  } finally {
    await handle?.close();
  }
}

interface Peekable<T> {
  peek(): Promise<T | undefined>;
  drop(): void;
}

function peekable<T>(source: AsyncGenerator<T>): Peekable<T> {
  let ahead: { readonly value: T | undefined } | undefined;
  return {
    peek: async () => {
      if (!ahead) {
        const step = await source.next();
        ahead = { value: step.done === true ? undefined : step.value };
      }
      return ahead.value;
    },
    drop: () => {
      if (ahead?.value !== undefined) ahead = undefined;
    },
  };
}
