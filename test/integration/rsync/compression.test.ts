import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import { sourceOf } from '../../../src/config/sources.ts';
import type { KnownLink } from '../../../src/rsync/compression.ts';
import type { Load } from '../../../src/rsync/load.ts';
import type { Detour, RsyncOutcome } from '../../../src/rsync/order.ts';
import { runOverLink } from '../../../src/rsync/over-link.ts';
import type { LinkState } from '../../../src/rsync/verdict.ts';
import { startProgram, type Command } from '../../../src/system/command.ts';

/** Pulls with real rsync and a shell script in place of ssh and of the server's forced command. */
const words = Array.from({ length: 3_000 }, (_, index) => `word${String((index * 7919) % 3_001)}`);
const text = Array.from({ length: 400_000 }, (_, index) => words[(index * index + index) % 3_000]).join(' ');
let room: string;
let starts: string[][] = [];
let told: string[] = [];
let notes: KnownLink[] = [];

beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), 'compression-'));
  for (const name of ['source', 'mirror']) mkdirSync(join(room, name));
  [starts, told, notes] = [[], [], []];
  writeFileSync(join(room, 'source/letters'), text);
  server('exec "$@"');
});
afterEach(() => {
  rmSync(room, { recursive: true });
});

/** @param command of the server; "$@" is what the station asks for */
function server(command: string): void {
  const script = `#!/bin/sh\nwhile [ "$1" != rsync ]; do shift; done\ncd '${join(room, 'source')}'\n${command}\n`;
  writeFileSync(join(room, 'shell'), script);
  chmodSync(join(room, 'shell'), 0o755);
}

/** rrsync, as the forced command of a server with sudo. */
const rrsync = () => `SSH_ORIGINAL_COMMAND="$*" exec /usr/bin/rrsync -ro '${join(room, 'source')}'`;

/** An idle machine. */
function idle(): Promise<Load> {
  const ms = performance.now();
  return Promise.resolve({ idle: ms, total: ms, diskBusyMs: 0 });
}

function pull(
  settings: string,
  known: KnownLink = {},
  detour?: Detour,
  state: LinkState = 'up',
): Promise<RsyncOutcome> {
  const config = parseConfig(`key: {derivation: sha512}\nsource: a@b\npull: {${settings}}`, 'file');
  return runOverLink(
    (command: Command) => {
      starts.push(command.args.filter((arg) => arg.startsWith('--compress')));
      return startProgram(command);
    },
    {
      config,
      source: sourceOf(config),
      onProgress: () => undefined,
      onCompression: (why) => told.push(why),
      ...(detour && { detour }),
    },
    {
      mirror: join(room, 'mirror'),
      rsh: join(room, 'shell'),
      isEmpty: true,
      readLoad: idle,
      linkState: () => Promise.resolve(state),
    },
    {
      known: () => Promise.resolve(known),
      note: (news) => Promise.resolve(void notes.push(news)),
    },
    new AbortController().signal,
  );
}

const isThere = () => readFileSync(join(room, 'mirror/letters'), 'utf8') === text;

it('a slow link is compressed through rrsync, a fast one and an unknown one are not', async () => {
  server(rrsync());
  for (const known of [{}, { bytesPerSecond: 100_000_000 }]) {
    const plain = await pull('compress: auto', known);
    expect(plain.figures.bytesReceived).toBeGreaterThan(text.length);
    rmSync(join(room, 'mirror/letters'));
  }
  const { trouble, figures } = await pull('compress: auto', { bytesPerSecond: 1_000_000 });
  expect(trouble).toBeUndefined();
  expect(figures.bytesReceived).toBeLessThan(text.length / 2);
  expect(figures.bytesTransferred).toBe(text.length);
  expect(starts).toEqual([[], [], ['--compress-choice=zstd']]);
  expect(told).toEqual(['slow-link']);
  expect(isThere()).toBe(true);
});

const old = `for word; do case $word in --compress*) echo "rsync: on remote machine: $word: unknown option" >&2; exit 1; esac; done; exec "$@"`;
const fixed = 'exec rsync --server --sender -lHogDtpAXre.iLsfxCIvu . .';
const denies = `case $* in *--compress*) echo "rrsync error: option --compress-choice has been disabled" >&2; exit 1; esac; exec "$@"`;
it.each([
  ['an rsync that does not know the option', old],
  ['a forced command with options of its own', fixed],
  ['a forced command that refuses the option', denies],
])('%s: the pull goes on without, and this is remembered', async (_, command) => {
  server(command);
  const first = await pull('compress: always');
  expect(first).toMatchObject({ again: { compress: 'no' } });
  const second = await pull('compress: always', {}, first.again);
  expect(second.trouble).toBeUndefined();
  expect(isThere()).toBe(true);
  expect(starts).toEqual([['--compress-choice=zstd'], []]);
  expect(told).toEqual(['setting', 'refused']);
  expect(notes.at(-1)).toMatchObject({ refused: true });
  await pull('compress: always', { refused: true });
  expect(starts.at(-1)).toEqual([]);
});

it('a connection that broke is not taken for a refusal', async () => {
  server('exit 12');
  const outcome = await pull('compress: always', {}, undefined, 'down');
  expect(outcome.trouble).toBe('network');
  expect(outcome.again).toBeUndefined();
});

it('a link that turns out to be slow in the first copy is compressed from then on', async () => {
  writeFileSync(join(room, 'source/film'), `${text}${text.toUpperCase()}`.repeat(8));
  server('shift; exec rsync --bwlimit=400 "$@"');
  const first = await pull('compress: auto, stallTimeout: 10s');
  expect(first).toMatchObject({ again: { compress: 'yes' } });
  expect(notes[0]?.bytesPerSecond).toBeGreaterThan(300_000);
  expect(notes[0]?.bytesPerSecond).toBeLessThan(500_000);
  server('exec "$@"');
  const second = await pull('compress: auto', {}, first.again);
  expect(second.trouble).toBeUndefined();
  expect(told).toEqual(['slow-link']);
  expect(isThere()).toBe(true);
}, 90_000);
