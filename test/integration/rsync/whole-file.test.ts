import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import { sourceOf } from '../../../src/config/sources.ts';
import type { KnownLink } from '../../../src/rsync/compression.ts';
import type { Load } from '../../../src/rsync/load.ts';
import type { PullOrder } from '../../../src/rsync/order.ts';
import { runOverLink } from '../../../src/rsync/over-link.ts';
import { fastLink } from '../../../src/rsync/whole-file.ts';
import { startProgram } from '../../../src/system/command.ts';

/** Pulls of a changed file with real rsync and rrsync; the old version on the disk differs in its middle. */
const size = 4_000_000;
let room: string;
let notes: KnownLink[];

beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), 'whole-file-'));
  for (const name of ['source', 'mirror']) mkdirSync(join(room, name));
  notes = [];
  const content = Buffer.from(Array.from({ length: size }, (_, index) => (index * index * 31 + (index >> 7)) & 255));
  writeFileSync(join(room, 'mirror/image'), content);
  utimesSync(join(room, 'mirror/image'), 1, 1);
  content.fill(7, 2_000_000, 2_001_000);
  writeFileSync(join(room, 'source/image'), content);
  const words = `SSH_ORIGINAL_COMMAND="$*" exec /usr/bin/rrsync -ro '${join(room, 'source')}'`;
  writeFileSync(join(room, 'shell'), `#!/bin/sh\nwhile [ "$1" != rsync ]; do shift; done\n${words}\n`);
  chmodSync(join(room, 'shell'), 0o755);
});
afterEach(() => {
  rmSync(room, { recursive: true });
});

const idle = (): Promise<Load> => {
  const ms = performance.now();
  return Promise.resolve({ idle: ms, total: ms, diskBusyMs: 0 });
};

/** @returns bytes that came from the server */
async function pull(known: KnownLink, settings = '', order: Partial<PullOrder> = {}): Promise<number> {
  const config = parseConfig(`key: {derivation: sha512}\nsource: a@b\npull: {${settings}}`, 'file');
  const outcome = await runOverLink(
    startProgram,
    { config, source: sourceOf(config), onProgress: () => undefined, ...order },
    {
      mirror: join(room, 'mirror'),
      rsh: join(room, 'shell'),
      readLoad: idle,
      linkState: () => Promise.resolve('up'),
    },
    { known: () => Promise.resolve(known), note: (news) => Promise.resolve(void notes.push(news)) },
    new AbortController().signal,
  );
  expect(outcome.trouble).toBeUndefined();
  expect(readFileSync(join(room, 'mirror/image')).equals(readFileSync(join(room, 'source/image')))).toBe(true);
  return outcome.figures.bytesReceived;
}

const fast = { bytesPerSecond: fastLink };

it('over a link that was measured as fast, a changed file comes whole', async () => {
  expect(await pull(fast)).toBeGreaterThan(size);
});

it.each<[string, KnownLink, string?, Partial<PullOrder>?]>([
  ['over a link of unknown speed', {}],
  ['over a slower link', { bytesPerSecond: fastLink - 1 }],
  ['with a bandwidth limit', fast, 'bandwidthLimit: 90000'],
  ['where a part of a file may be there', fast, '', { mayResume: true }],
])('%s, only the differences come', async (_, known, settings, order) => {
  expect(await pull(known, settings, order)).toBeLessThan(size / 4);
});

it('a short pull does not replace the speed that is known', async () => {
  await pull({ bytesPerSecond: 4 * fastLink });
  expect(notes).toEqual([{ bytesPerSecond: undefined, refused: false }]);
});
