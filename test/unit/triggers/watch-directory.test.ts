import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createPollingNews } from '../../../src/agent/polling-news.ts';
import { watchWarnings } from '../../../src/agent/warnings.ts';
import { createBus } from '../../../src/bus/bus.ts';
import { watchKeyFile } from '../../../src/triggers/key-file.ts';
import { watchSpool } from '../../../src/triggers/spool.ts';
import { watchDirectory } from '../../../src/triggers/watch-directory.ts';
import { defaultPaths, files } from '../../../src/system/paths.ts';

let directory: string;
let stop: (() => Promise<void>) | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'watched-'));
  stop = undefined;
});
afterEach(async () => {
  await stop?.();
  await rm(directory, { recursive: true, force: true });
});

/** As inotify_init(2) and inotify_add_watch(2) fail. */
const used = (code: string) => Object.assign(new Error(`${code}: used up`), { code });
const waitFor = (check: () => void): Promise<void> => vi.waitFor(check, 10_000);

async function start(probe: (path: string) => void) {
  const [seen, polling]: [string[], (string | undefined)[]] = [[], []];
  let gaps = 0;
  stop = await watchDirectory(
    {
      directory,
      tellExisting: true,
      onEvent: (event, path) => {
        if (path !== directory) seen.push(`${event} ${basename(path)}`);
      },
      onGap: () => {
        gaps += 1;
      },
      onPolling: (why) => {
        polling.push(why);
      },
    },
    { pollMs: 20, againMs: 50, probe },
  );
  return { seen, polling, gaps: () => gaps };
}

it.each([
  ['EMFILE', /no inotify instance is left/],
  ['ENOSPC', /no inotify watch is left/],
  ['ENFILE', /no inotify instance is left/],
  ['EINVAL', /EINVAL/],
])('polls after %s, sees what was there and what comes, and says why', async (code, why) => {
  await writeFile(join(directory, 'early'), '');
  const { seen, polling, gaps } = await start(() => {
    throw used(code);
  });
  expect(seen).toEqual(['add early']);
  expect(polling).toEqual([expect.stringMatching(why)]);
  expect(gaps()).toBe(1);
  await writeFile(join(directory, 'late'), '');
  await waitFor(() => {
    expect(seen).toContain('add late');
  });
});

it('watches again when the kernel can tell, and says so once', async () => {
  let isLeft = false;
  const { seen, polling, gaps } = await start(() => {
    if (!isLeft) throw used('EMFILE');
  });
  isLeft = true;
  await waitFor(() => {
    expect(polling).toEqual([expect.any(String), undefined]);
  });
  expect(gaps()).toBe(2);
  await writeFile(join(directory, 'after'), '');
  await waitFor(() => {
    expect(seen).toContain('add after');
  });
  await new Promise((resolve) => setTimeout(resolve, 120));
  expect(polling).toHaveLength(2);
});

it('a directory that is not there yet is no trouble, and is watched when it is there', async () => {
  await rm(directory, { recursive: true });
  const { seen, polling } = await start((path) => {
    if (!existsSync(path)) throw used('ENOENT');
  });
  await mkdir(directory);
  await writeFile(join(directory, 'first'), '');
  await waitFor(() => {
    expect(seen).toContain('add first');
  });
  expect(polling.filter((why) => why !== undefined)).toEqual([]);
});

it('does not poll while the kernel tells', async () => {
  const { polling, gaps } = await start(() => undefined);
  expect([polling, gaps()]).toEqual([[], 0]);
});

it('is one warning in the status, which goes with the last watch that is polled', () => {
  const bus = createBus((_name, error) => {
    throw error;
  });
  const warnings = watchWarnings(bus);
  const news = createPollingNews(bus);
  news('spool')('no inotify instance is left');
  news('key')('no inotify instance is left');
  expect(warnings.list().map(({ text }) => text)).toEqual([
    expect.stringContaining('falls back to polling: no inotify instance is left'),
  ]);
  news('spool')(undefined);
  expect(warnings.list()).toHaveLength(1);
  news('key')(undefined);
  expect(warnings.list()).toEqual([]);
});

it('spool and key are noticed by the kernel', async () => {
  const paths = { ...defaultPaths, run: join(directory, 'run'), ramfs: join(directory, 'ramfs') };
  await mkdir(paths.ramfs);
  await mkdir(files.spool(paths), { recursive: true });
  const told: string[] = [];
  const polled: unknown[] = [];
  const onPolling = (why: unknown): void => {
    polled.push(why);
  };
  const stopSpool = await watchSpool(paths, {
    onNote: ({ kind }) => told.push(kind),
    onRejected: (reason) => told.push(reason),
    onPolling,
  });
  const stopKey = await watchKeyFile(paths, () => told.push('key'), onPolling);
  stop = async () => {
    await stopSpool();
    await stopKey();
  };
  await writeFile(join(files.spool(paths), 'udev.add.7.sda1'), '');
  await writeFile(files.luksKey(paths), '');
  await waitFor(() => {
    expect(told).toEqual(expect.arrayContaining(['udev', 'key']));
  });
  expect(polled).toEqual([]);
});
