import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { createBus, type Bus } from '../../../src/bus/bus.ts';
import type { Paths } from '../../../src/system/paths.ts';

/** Paths of a station, all in one new directory, for each test of a file. */
export function useStationPaths(): { readonly paths: Paths } {
  let paths: Paths;
  beforeEach(async () => {
    const top = await mkdtemp(join(tmpdir(), 'station-'));
    paths = { config: join(top, 'c'), etc: top, state: top, run: top, ramfs: top, plaintext: top };
  });
  afterEach(() => rm(paths.etc, { recursive: true, force: true }));
  return {
    get paths() {
      return paths;
    },
  };
}

/** A bus, and the warnings on it: the reason of each, and `settled: TOPIC`. */
export function hearWarnings(): { readonly bus: Bus; readonly told: readonly string[] } {
  const told: string[] = [];
  const bus = createBus((_name, error) => {
    throw error;
  });
  bus.on('warning:raised', ({ reason }) => {
    told.push(reason);
  });
  bus.on('warning:settled', ({ topic }) => {
    told.push(`settled: ${topic}`);
  });
  return { bus, told };
}
