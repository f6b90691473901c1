import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Qmp } from './qmp.ts';

/** A byte string that is on the disk, and where first. */
export interface Finding {
  readonly pattern: Buffer;
  readonly offset: number;
}

/**
 * Searches the content of a running machine's disk. The content, not its qcow2 file: that file also holds the memory of snapshots.
 * Returns the first place of each pattern that is there.
 */
export async function searchDisk(qmp: Qmp, node: string, directory: string, patterns: readonly Buffer[]): Promise<Finding[]> {
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

/** Finds the first place of each pattern in a file. */
export async function searchFile(file: string, patterns: readonly Buffer[]): Promise<Finding[]> {
  const longest = Math.max(...patterns.map((pattern) => pattern.length));
  const missing = new Set(patterns);
  const found: Finding[] = [];
  let kept = Buffer.alloc(0);
  let position = 0; // of the first byte of `kept`
  for await (const chunk of createReadStream(file, { highWaterMark: 4 * 1024 * 1024 }) as AsyncIterable<Buffer>) {
    const text = Buffer.concat([kept, chunk]);
    for (const pattern of missing) {
      const at = text.indexOf(pattern);
      if (at < 0) continue;
      found.push({ pattern, offset: position + at });
      missing.delete(pattern);
    }
    kept = text.subarray(Math.max(0, text.length - longest + 1));
    position += text.length - kept.length;
  }
  return found;
}
