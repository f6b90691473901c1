import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import { sourceOf } from '../../../src/config/sources.ts';
import { runRsync } from '../../../src/rsync/run-rsync.ts';
import { startProgram, type Command } from '../../../src/system/command.ts';

/** A pull over a boundary between two bandwidth limits, with real rsync and a shell script in place of ssh. */
const size = 24_000_000;
let room: string;
beforeAll(() => {
  room = mkdtempSync(`${tmpdir()}/pace-`);
  for (const name of ['source', 'mirror']) mkdirSync(join(room, name));
  writeFileSync(join(room, 'source/film'), randomBytes(size));
  const script = `#!/bin/sh\nwhile [ "$1" != rsync ]; do shift; done\ncd '${join(room, 'source')}'\nexec "$@"\n`;
  writeFileSync(join(room, 'shell'), script);
  chmodSync(join(room, 'shell'), 0o755);
});
afterAll(() => {
  rmSync(room, { recursive: true });
});

const config = parseConfig(
  'key: {derivation: sha512}\nsource: a@b\npull: {bandwidthLimit: [{when: "07:00-19:00", limit: 1000}, {when: "19:00-20:00", limit: 100000}]}',
  'file',
);

it('is started again with the other limit, and sends nothing twice', async () => {
  const limits: string[] = [];
  const paces: number[] = [];
  let now = new Date(2026, 10, 30, 18, 59);
  const pull = () =>
    runRsync(
      (command: Command) => {
        limits.push(command.args.find((arg) => arg.startsWith('--bwlimit=')) ?? '');
        return startProgram(command);
      },
      {
        config,
        source: sourceOf(config),
        onProgress: () => undefined,
        onPace: (kibPerSecond) => paces.push(kibPerSecond),
        now: () => now,
      },
      { mirror: join(room, 'mirror'), rsh: join(room, 'shell') },
      new AbortController().signal,
    );
  const first = pull();
  setTimeout(() => {
    now = new Date(2026, 10, 30, 19, 0);
  }, 3_000);
  const slow = await first;
  expect(slow).toMatchObject({ again: {} });
  expect(paces).toEqual([100_000]);
  const fast = await pull();
  expect(fast.trouble).toBeUndefined();
  expect(limits).toEqual(['--bwlimit=1000', '--bwlimit=100000']);
  expect(readFileSync(join(room, 'mirror/film')).equals(readFileSync(join(room, 'source/film')))).toBe(true);
  // At least three seconds of 1000 KiB came before the boundary, and are not sent again.
  expect(fast.figures.bytesReceived).toBeLessThan(size - 2_500_000);
});
