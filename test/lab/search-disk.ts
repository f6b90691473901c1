import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Qmp } from './qmp.ts';

/** A byte string on the disk, and its first place. */
export interface Finding {
  readonly pattern: Buffer;
  readonly offset: number;
}

const pieceSize = 8 * 1024 * 1024;

/**
 * Searches the content of a running machine's disk, not its qcow2 file, which also holds the memory of snapshots.
 * Returns the first place of each pattern that is found.
 */
export async function searchDisk(
  qmp: Qmp,
  node: string,
  directory: string,
  patterns: readonly Buffer[],
): Promise<Finding[]> {
  const socket = join(directory, 'nbd');
  const raw = join(directory, `${node}.raw`);
  await qmp.execute('nbd-server-start', { addr: { type: 'unix', data: { path: socket } } });
  try {
    await qmp.execute('block-export-add', { type: 'nbd', id: 'search', 'node-name': node, name: node });
    await execa('qemu-img', ['convert', '-f', 'raw', '-O', 'raw', `nbd+unix:///${node}?socket=${socket}`, raw]);
    return await searchFile(raw, patterns);
  } finally {
    await qmp.execute('nbd-server-stop');
    await rm(raw, { force: true });
    await rm(socket, { force: true });
  }
}

/** Finds the first place of each pattern in a sparse file; skips holes. */
export async function searchFile(file: string, patterns: readonly Buffer[]): Promise<Finding[]> {
  const overlap = Math.max(...patterns.map((pattern) => pattern.length)) - 1;
  const found = new Map<Buffer, number>();
  const piece = Buffer.alloc(pieceSize);
  const handle = await open(file);
  try {
    for (const { start, end } of await dataRanges(file)) {
      for (let at = start; at < end; at += pieceSize - overlap) {
        const { bytesRead } = await handle.read(piece, 0, Math.min(pieceSize, end - at), at);
        for (const pattern of patterns) {
          const place = found.has(pattern) ? -1 : piece.subarray(0, bytesRead).indexOf(pattern);
          if (place >= 0) found.set(pattern, at + place);
        }
      }
    }
  } finally {
    await handle.close();
  }
  return [...found].map(([pattern, offset]) => ({ pattern, offset }));
}

/** The parts of a file that are not holes. Adjacent parts are joined, so that a pattern across their border is found. */
async function dataRanges(file: string): Promise<{ start: number; end: number }[]> {
  const { stdout } = await execa('qemu-img', ['map', '-f', 'raw', '--output=json', file]);
  const ranges: { start: number; end: number }[] = [];
  for (const { start, length, data } of JSON.parse(stdout) as { start: number; length: number; data: boolean }[]) {
    const last = ranges.at(-1);
    if (!data) continue;
    if (last?.end === start) last.end += length;
    else ranges.push({ start, end: start + length });
  }
  return ranges;
}
