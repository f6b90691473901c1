import { lstatSync, mkdirSync, readdirSync, writeFileSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBus } from '../../../src/bus/bus.ts';
import { sourceOf } from '../../../src/config/sources.ts';
import { jobSettings } from '../../fakes/job-settings.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { restoreFiles } from '../../../src/restore/restore-files.ts';
import { layersFor } from '../../../src/restore/restore-plan.ts';
import { driveRecordSchema, type DriveRecord } from '../../../src/records/drive-record.ts';
import { ExtbackupError } from '../../../src/errors.ts';
import { settleLayout } from '../../../src/pipeline/layout.ts';
import { pullAll } from '../../../src/pipeline/pull-all.ts';
import { type SourceResult } from '../../../src/pipeline/job.ts';
import { createStory } from '../../../src/pipeline/story.ts';
import { pull } from '../../../src/pipeline/pull.ts';
import { type PullResult } from '../../../src/pipeline/job.ts';
import { sourcesAfterRun } from '../../../src/run/source-results.ts';
import { startProgram, type StartProgram } from '../../../src/system/command.ts';
import { noHelpers } from '../../fakes/no-helpers.ts';
import { createMachine } from '../../../src/pipeline/real-machine.ts';
import { defaultPaths } from '../../../src/system/paths.ts';

/** A directory in place of an opened disk, one in place of the server, and real rsync between them. */
export interface DiskAndServer {
  readonly top: string;
  readonly mirror: string;
  readonly source: string;
  /** The arguments of each rsync so far that copied or deleted files, and of each tar that read directories in order to move what is in them. */
  readonly rsyncs: readonly (readonly string[])[];
  record: DriveRecord;
  /** false: the attributes of a whole tree find no room on the disk, those of single files do. */
  hasRoomForTable: boolean;
  /** Pulls as a run does, and keeps the figures in the record when it is complete. */
  pull(options?: {
    settings?: object;
    signal?: AbortSignal;
    onProgress?: () => void;
    onWarning?: (reason: string) => void;
  }): Promise<PullResult>;
  /** Only the two rsyncs, of one of several sources: a directory of that name in the source. */
  pullNamed(name: string): Promise<void>;
  /** Pulls every source of the settings, as a run does; each is a directory of the source, and one at the host `down` does not answer. */
  pullAll(
    sources: readonly object[] | undefined,
    settings?: object,
  ): Promise<{
    readonly outcomes: readonly string[];
    readonly failure: ExtbackupError | undefined;
    readonly warnings: readonly string[];
  }>;
  remove(): Promise<void>;
}

/** @param directory where it is made; by default in memory, if possible */
export async function openDisk(directory = tmpdir()): Promise<DiskAndServer> {
  const root = await mkdtemp(join(directory, 'extbackup-held-runs-'));
  const [top, source] = [join(root, 'disk'), join(root, 'source')];
  await mkdir(source);
  await mkdir(top);
  // In place of ssh: starts the far rsync here, in the source. So rsync pulls, as it does from a server.
  const shell = join(root, 'shell');
  await writeFile(
    shell,
    `#!/bin/sh\nwhile [ "$1" != rsync ]; do [ "$1" != down ] || exit 255; shift; done\ncd '${source}' && exec "$@"\n`,
    { mode: 0o755 },
  );
  const rsyncs: (readonly string[])[] = [];
  const start: StartProgram = (command) => {
    if (
      (command.file === '/usr/bin/rsync' && command.args.some((arg) => arg.startsWith('--max-delete'))) ||
      command.args[0] === '--create'
    )
      rsyncs.push(command.args);
    if (!disk.hasRoomForTable && command.args.includes('--recursive'))
      return Promise.reject(Object.assign(new Error('no room'), { code: 'ENOSPC' }));
    return startProgram({
      ...command,
      args: command.args.map((arg) => (arg.startsWith('--rsh=') ? `--rsh=${shell}` : arg)),
    });
  };
  const machine = createMachine(start, { ...defaultPaths, state: root, plaintext: top }, noHelpers(start));
  const disk: DiskAndServer = {
    hasRoomForTable: true,
    top,
    source,
    rsyncs,
    mirror: join(top, 'backups'),
    record: driveRecordSchema.parse({
      label: 'BACKUP_1',
      luksUuid: 'u',
      sealedId: '3f0c5a52-52c1-4a53-9a57-0c0d6f7d9d11',
      generation: 1,
      enrolledAt: '2026-01-01T00:00:00Z',
    }),
    pull: async ({ settings = {}, signal = new AbortController().signal, onProgress, onWarning } = {}) => {
      const bus = createBus(() => undefined);
      if (onProgress) bus.on('sync:progress', onProgress);
      if (onWarning)
        bus.on('run:warned', ({ reason }) => {
          onWarning(reason);
        });
      const config = configSchema.parse({
        source: 'extbackup@backup',
        key: { derivation: 'sha512' },
        pull: { retries: 0 },
        ...settings,
      });
      const lastRun = new Date().toISOString();
      const result = await pull(
        { record: { ...disk.record, lastRun }, device: '', ...jobSettings(config) },
        sourceOf(config),
        machine,
        createStory(bus, 'r', 'BACKUP_1', () => undefined),
        signal,
      );
      const lastSuccess = new Date().toISOString();
      const record = { ...disk.record };
      delete record.hold;
      const position = await machine.historyPosition();
      disk.record = {
        ...record,
        lastRun,
        lastSuccess,
        successBefore: record.lastSuccess,
        historyAt: position.at.toISOString(),
        historyBefore: record.historyAt,
        historyNumber: position.number ?? 0,
        historyNumberBefore: record.historyNumber,
        filesTotal: result.figures.filesTotal,
        bytesTotal: result.figures.bytesTotal,
      };
      return result;
    },
    pullNamed: async (name) => {
      const config = configSchema.parse({ source: `extbackup@backup:${name}`, key: { derivation: 'sha512' } });
      const order = { config, source: { ...sourceOf(config), name }, onProgress: () => undefined };
      const signal = new AbortController().signal;
      const copied = await machine.pull({ ...order, history: await machine.newHistory() }, signal);
      if (copied.skippedDeletions > 0)
        await machine.pull({ ...order, history: await machine.newHistory(), deleteLimit: 1_000 }, signal);
    },
    pullAll: async (sources, settings = {}) => {
      const warnings: string[] = [];
      const results: SourceResult[] = [];
      const bus = createBus(() => undefined);
      bus.on('run:warned', ({ reason }) => {
        warnings.push(reason);
      });
      const config = configSchema.parse({ sources, key: { derivation: 'sha512' }, pull: { retries: 0 }, ...settings });
      const job = {
        record: disk.record,
        device: '',
        ...jobSettings(config),
        onSource: (result: SourceResult) => {
          results.push(result);
        },
      };
      const [story, signal] = [createStory(bus, 'r', 'BACKUP_1', () => undefined), new AbortController().signal];
      const failure = await settleLayout(job, machine, story)
        .then((layout) => pullAll(job, layout, machine, story, signal))
        .then(
          () => undefined,
          (error: unknown) => {
            if (error instanceof ExtbackupError) return error;
            throw error;
          },
        );
      disk.record = { ...disk.record, ...sourcesAfterRun(disk.record, results, failure?.code) };
      return { outcomes: results.map(({ name, outcome }) => `${name} ${outcome}`), failure, warnings };
    },
    remove: () => rm(root, { recursive: true }),
  };
  return disk;
}

/** Another disk and server with the same files: for tests that begin alike, because copying costs less than the first run. */
export async function copyOf(disk: DiskAndServer): Promise<DiskAndServer> {
  const copy = await openDisk();
  const args = ['--archive', disk.top, disk.source, join(copy.top, '..')];
  await startProgram({ file: '/usr/bin/cp', args, timeoutMs: 60_000 });
  copy.record = disk.record;
  return copy;
}

/** Everything below a directory: kind, mode, and content or target. Names as bytes. */
export const readTree = (root: string): Promise<Map<string, string>> =>
  new Promise((resolve) => {
    resolve(treeOf(root));
  });

/** Synchronous, because that takes less processor time, and tests read many trees. */
function treeOf(root: string): Map<string, string> {
  const tree = new Map<string, string>();
  const visit = (path: Buffer): void => {
    for (const name of readdirSync(path, { encoding: 'buffer' })) {
      const here = Buffer.concat([path, Buffer.from('/'), name]);
      const key = here.toString('latin1').slice(root.length + 1);
      const stats = lstatSync(here);
      if (stats.isDirectory()) {
        tree.set(key, 'directory');
        visit(here);
      } else
        tree.set(
          key,
          stats.isSymbolicLink()
            ? `link to ${readlinkSync(here)}`
            : `${stats.mode.toString(8)} ${String(stats.mtimeMs)} ${readFileSync(here, 'latin1')}`,
        );
    }
  };
  visit(Buffer.from(root));
  return new Map([...tree].sort());
}

/** Small files in a few directories. */
export const fill = (directory: string, count: number): Promise<void> =>
  new Promise((resolve) => {
    for (let index = 0; index < count; index += 1) {
      const folder = join(directory, `folder-${String(index % 5)}`);
      if (index < 5) mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, `file-${String(index)}`), `content of ${String(index)}`);
    }
    resolve();
  });

/** Restores a path of the mirror, as it was at a time, beside the disk. @returns the restored tree */
export async function restoreBeside({ top }: DiskAndServer, path: string, at?: Date): Promise<Map<string, string>> {
  const target = join(top, '../restored');
  await rm(target, { recursive: true, force: true });
  const quiet = { overwrite: false, dryRun: false, onProgress: () => undefined, onName: () => undefined };
  const layers = await layersFor(top, 'backups', path, at);
  await restoreFiles(startProgram, { ...quiet, layers, target }, new AbortController().signal);
  return readTree(target);
}
