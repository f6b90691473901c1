import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Progress } from '../../../src/bus/events.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { sourceOf } from '../../../src/config/sources.ts';
import type { Change } from '../../../src/history/change.ts';
import { newHistoryEntry } from '../../../src/history/history-entry.ts';
import { beginLog } from '../../../src/history/log-header.ts';
import type { RsyncOutcome } from '../../../src/rsync/order.ts';
import { startProgram, type StartProgram } from '../../../src/system/command.ts';
import { runRsync } from '../../../src/rsync/run-rsync.ts';

let room: string; // on a disk: what is written into memory does not count as written
beforeEach(async () => {
  room = await mkdtemp('/var/tmp/extbackup-progress-');
  for (const name of ['source', 'disk/backups']) await mkdir(join(room, name), { recursive: true });
  const shell = join(room, 'shell');
  await writeFile(
    shell,
    `#!/bin/sh\nwhile [ "$1" != rsync ]; do shift; done\ncd '${join(room, 'source')}' && exec "$@"\n`,
  );
  await chmod(shell, 0o755);
});
afterEach(() => rm(room, { recursive: true }));

/** A first copy with real rsync, at so many KiB a second. */
async function pullAt(
  bandwidthLimit: number,
  isAsked = true,
): Promise<{ told: Progress[]; changes: Change[]; outcome: RsyncOutcome }> {
  const [told, changes]: [Progress[], Change[]] = [[], []];
  const start: StartProgram = (command) =>
    startProgram({
      ...command,
      args: command.args.map((arg) => (arg.startsWith('--rsh=') ? `--rsh=${join(room, 'shell')}` : arg)),
    });
  const config = configSchema.parse({
    source: 'extbackup@backup',
    key: { derivation: 'sha512' },
    pull: { bandwidthLimit },
  });
  const history = await newHistoryEntry(join(room, 'disk'), new Date());
  const mark = await beginLog(history.log);
  const order = {
    config,
    source: sourceOf(config),
    history,
    onProgress: (progress: Progress) => {
      told.push(progress);
    },
    onChange: (change: Change) => {
      changes.push(change);
    },
  };
  const outcome = await runRsync(
    start,
    order,
    { mirror: join(room, 'disk/backups'), rsh: '/nonexistent', isEmpty: true, isAsked, mark },
    new AbortController().signal,
  );
  return { told, changes, outcome };
}

it('of many small files, rsync tells it when it is asked, and nothing else is lost or added', async () => {
  for (let index = 0; index < 300; index += 1)
    await writeFile(join(room, `source/file-${index}`), Buffer.alloc(20_000, index));
  const { told, changes, outcome } = await pullAt(1_000);
  expect(outcome).toMatchObject({ figures: { filesTotal: 300, filesTransferred: 300, bytesTotal: 6_000_000 } });
  expect(outcome.trouble).toBeUndefined();
  expect(
    changes
      .filter(({ isDirectory }) => !isDirectory)
      .map(({ path }) => path)
      .sort(),
  ).toEqual(Array.from({ length: 300 }, (_, index) => `file-${index}`).sort());
  expect(told.length).toBeGreaterThanOrEqual(2);
  expect(told.length).toBeLessThanOrEqual(8);
  expect(told.map(({ bytes }) => bytes)).toEqual(told.map(({ bytes }) => bytes).sort((a, b) => a - b));
  const answers = told.filter(({ bytes, files }) => bytes === files * 20_000); // the others were late, and what was written is told
  expect(answers.length).toBeGreaterThanOrEqual(2);
  for (const { files, percent } of answers) expect(percent).toBe(Math.floor(files / 3));
});

it('while a long list comes, nothing is told to be copied', async () => {
  for (let directory = 0; directory < 30; directory += 1) {
    await mkdir(join(room, `source/${directory}`));
    await Promise.all(
      Array.from({ length: 500 }, (_, index) =>
        writeFile(join(room, `source/${directory}/${'long-name-'.repeat(8)}${index}`), ''),
      ),
    );
  }
  await startProgram({
    file: '/usr/bin/rsync',
    args: ['-a', `${room}/source/`, `${room}/disk/backups/`],
    timeoutMs: 60_000,
  });
  await writeFile(join(room, 'source/29/zzz'), 'changed');
  const { told, outcome } = await pullAt(60);
  expect(outcome.figures.filesTransferred).toBe(1);
  for (const { bytes, files } of told) expect(bytes).toBeLessThanOrEqual(files * 7);
});

it.each([true, false])('of one large file, it is told in its midst (rsync is asked: %s)', async (isAsked) => {
  await writeFile(join(room, 'source/large'), Buffer.alloc(8_000_000, 'x'));
  const { told, outcome } = await pullAt(1_500, isAsked);
  expect(outcome.figures.filesTransferred).toBe(1);
  const inside = told
    .filter(({ files }) => files === 0)
    .map(({ bytes }) => bytes)
    .filter((bytes) => bytes > 0);
  expect(inside.length).toBeGreaterThanOrEqual(2);
  expect(inside).toEqual([...inside].sort((a, b) => a - b));
  expect(Math.max(...inside)).toBeLessThan(8_000_000);
});
