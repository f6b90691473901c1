import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBus } from '../../../src/bus/bus.ts';
import { configSchema, type Config } from '../../../src/config/schema.ts';
import { approveRun } from '../../../src/records/approve-run.ts';
import { createDriveRegistry, type DriveRegistry } from '../../../src/records/drive-registry.ts';
import type { Change } from '../../../src/history/change.ts';
import type { PullOrder } from '../../../src/rsync/order.ts';
import type { RsyncOutcome } from '../../../src/rsync/order.ts';
import { type RunRecord } from '../../../src/records/run-record.ts';
import { runRecordSchema } from '../../../src/records/run-record.ts';
import { layoutPath } from '../../../src/pipeline/layout.ts';
import type { RunEnd } from '../../../src/run/run-one.ts';
import { goesOnWithServer } from '../../../src/rsync/failure.ts';
import { FakeMachine, goodPull } from '../../fakes/fake-machine.ts';
import { enrol, onlyDisk, runTo } from './a-run.ts';

const configOf = (settings: object = {}): Config =>
  configSchema.parse({
    key: { derivation: 'sha512' },
    pull: { retries: 0 },
    sources: ['office', 'photos', 'mail'].map((name) => ({ name, source: `extbackup@backup:${name}` })),
    ...settings,
  });
const many = (kind: Change['kind'], count: number): Change[] =>
  Array.from({ length: count }, (_, index) => ({ kind, path: `a/${index}`, size: 1, isDirectory: false }));

/** What each source does when it is pulled, by name: changes, those that it would make besides, and an outcome. */
class SeveralSources extends FakeMachine {
  readonly does = new Map<string, { changes?: Change[]; rest?: Change[]; outcome?: Partial<RsyncOutcome> }>();
  readonly pulled: string[] = [];
  override pull = (order: PullOrder): Promise<RsyncOutcome> => {
    const { changes = [], rest = [], outcome = {} } = this.does.get(order.source.name ?? '') ?? {};
    if (order.survey !== true) this.pulled.push(order.source.name ?? '');
    this.pullOrders.push(order);
    for (const change of order.survey === true ? rest : changes) order.onChange?.(change);
    return Promise.resolve({ ...goodPull, ...outcome });
  };
}

let directory: string;
let registry: DriveRegistry;
let machine: SeveralSources;
let config: Config;
let records: RunRecord[];
let events: [string, object][];

const run = (): Promise<RunEnd> => {
  machine.pulled.length = 0;
  events = [];
  const bus = createBus(() => undefined);
  bus.onAny((name, payload) => {
    events.push([name, payload]);
  });
  return runTo({
    ...{ runId: `run-${records.length + 1}`, directory, bus, registry, config, machine },
    record: (record) => {
      records.push(runRecordSchema.parse(record));
    },
  });
};
const approve = () => approveRun(registry, 'BACKUP_1', { by: 'root', reason: 'I know', at: new Date() });
const disk = () => onlyDisk(registry);
const outcomes = (): string[] => (records.at(-1)?.sources ?? []).map(({ name, outcome }) => `${name} ${outcome}`);
const stamps = (): number => machine.calls.filter((call) => call === 'stamp').length;
const knownSource = {
  lastSuccess: '2026-01-02T00:00:00.000Z',
  lastError: null,
  filesTotal: 1000,
  bytesTotal: 1_000_000,
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-sources-'));
  registry = createDriveRegistry(join(directory, 'drives.json'));
  machine = new SeveralSources();
  await enrol(registry, machine, {
    filesTotal: 3000,
    bytesTotal: 3_000_000,
    sources: { office: knownSource, photos: knownSource, mail: knownSource },
  });
  config = configOf();
  records = [];
});
afterEach(() => rm(directory, { recursive: true }));

describe('a run over several sources', () => {
  it('pulls all of them and stamps LABEL once, with the figures of all', async () => {
    expect(await run()).toMatchObject({
      exitCode: 0,
      disk: 'closed',
      result: { figures: { filesTotal: 30, filesTransferred: 9 } },
    });
    expect(machine.pulled).toEqual(['office', 'photos', 'mail']);
    expect(stamps()).toBe(1);
    expect(outcomes()).toEqual(['office success', 'photos success', 'mail success']);
    expect(await disk()).toMatchObject({ filesTotal: 30, sources: { photos: { filesTotal: 10, lastError: null } } });
    expect(events.filter(([name]) => name === 'sync:finished').map(([, payload]) => payload)).toMatchObject([
      { source: 'office' },
      { source: 'photos' },
      { source: 'mail' },
    ]);
  });

  it.each([
    ['network', 'EXB_NETWORK', 13],
    ['no-directory', 'EXB_NO_SOURCE', 13],
    ['disk-full', 'EXB_DISK_FULL', 13],
  ] as const)('goes on after one that fails (%s), and does not stamp LABEL', async (trouble, code, exitCode) => {
    machine.does.set('office', { outcome: { trouble } });
    const end = await run();
    expect(end).toMatchObject({ exitCode, failure: { code } });
    expect(end.failure?.happened).toMatch(
      /^1 of 3 sources is not complete on BACKUP_1\. office: .* Complete: photos, mail\.$/,
    );
    expect(new Set(machine.pulled)).toEqual(new Set(['office', 'photos', 'mail']));
    expect(stamps()).toBe(0);
    expect(outcomes()).toEqual(['office failure', 'photos success', 'mail success']);
    const { sources, lastSuccess, filesTotal } = await disk();
    expect(sources).toMatchObject({
      office: { lastError: code, filesTotal: 1000 },
      photos: { lastError: null, filesTotal: 10 },
    });
    expect({ lastSuccess, filesTotal }).toEqual({ lastSuccess: '2026-01-02T00:00:00Z', filesTotal: 3000 });
  });

  it('goes on after one that is empty, and deletes nothing of it', async () => {
    machine.does.set('photos', { outcome: { entries: 0, skippedDeletions: 50 } });
    expect(await run()).toMatchObject({ exitCode: 13, failure: { code: 'EXB_EMPTY_SOURCE' } });
    expect(outcomes()).toEqual(['office success', 'photos failure', 'mail success']);
    expect(machine.pullOrders.some(({ deleteLimit }) => deleteLimit !== undefined)).toBe(false);
  });

  it('tries no more sources when the disk itself is failing', async () => {
    machine.does.set('office', { outcome: { trouble: 'disk-error' } });
    expect(await run()).toMatchObject({
      exitCode: 13,
      failure: { code: 'EXB_DISK_ERROR', happened: expect.stringContaining('Not tried: photos, mail.') as string },
    });
    expect(machine.pulled).toEqual(['office']);
    expect(outcomes()).toEqual(['office failure', 'photos skipped', 'mail skipped']);
  });

  it('counts each against what this disk held of it', async () => {
    machine.does.set('mail', { changes: many('changed', 401) });
    expect(await run()).toMatchObject({
      exitCode: 14,
      failure: { happened: expect.stringContaining('40 % of files changed') as string },
    });
    expect(outcomes()).toEqual(['office success', 'photos success', 'mail held']);
    expect((await disk()).hold).toMatchObject({ approved: null, sources: { mail: { counts: { changed: 401 } } } });
  });

  it('uses the limits that a source has of its own', async () => {
    config = configOf({
      sources: [
        { name: 'office', source: 'extbackup@backup', guard: { changed: '90%' } },
        { name: 'photos', source: 'extbackup@backup:photos' },
      ],
    });
    machine.does.set('office', { changes: many('changed', 500) });
    expect(await run()).toMatchObject({ exitCode: 0 });
    machine.does.set('photos', { changes: many('changed', 500) });
    expect((await disk()).sources?.['photos']).toMatchObject({ filesTotal: 10 });
    expect(await run()).toMatchObject({ exitCode: 14 });
  });

  it('has no limits for the first copy of a source that was added', async () => {
    config = configOf({
      sources: [
        { name: 'office', source: 'extbackup@backup' },
        { name: 'added', source: 'extbackup@backup:added' },
      ],
    });
    machine.does.set('added', { changes: many('changed', 5000) });
    expect(await run()).toMatchObject({ exitCode: 0 });
  });

  it('counts what is on the disk of a source that was put there by hand, and limits it by that', async () => {
    config = configOf({ sources: [{ name: 'moved', source: 'extbackup@backup' }] });
    machine.mirror = [{ name: 'moved', kind: 'directory' }];
    machine.counted = { files: 3000, bytes: 3_000_000 };
    machine.does.set('moved', { rest: many('deleted', 301), outcome: { skippedDeletions: 301 } });
    expect(await run()).toMatchObject({
      exitCode: 14,
      failure: { happened: expect.stringContaining('10 % of files deleted (301)') as string },
    });
  });

  it.each([
    ['network', 'login', true],
    ['login', 'network', true],
    ['network', 'disk-error', false],
    ['login', 'no-directory', false],
  ] as const)('that ends with "%s", and another one with "%s", waits for the server: %s', async (one, other, waits) => {
    machine.does.set('office', { outcome: { trouble: one } });
    machine.does.set('photos', { outcome: { trouble: other } });
    const { exitCode, failure, ...end } = await run();
    expect({ exitCode, code: failure?.code, waits: end.waits ?? false }).toEqual({
      exitCode: 13,
      code: 'EXB_SOURCES',
      waits,
    });
    expect(failure?.happened).toMatch(/ office: .* photos: /);
    expect(events.find(([name]) => name === 'run:failed')?.[1]).toMatchObject(
      waits ? { waits } : { code: failure?.code },
    );
    const { lastError, sources } = await disk();
    const ofSources = Object.values(sources ?? {}).map((source) => source.lastError);
    expect(goesOnWithServer(lastError, ofSources)).toBe(waits); // as the next agent finds it
  });

  it('is held rather than failed when it is both, and says each', async () => {
    machine.does.set('office', { outcome: { trouble: 'network' } });
    machine.does.set('photos', { changes: many('changed', 500) });
    const { exitCode, failure, waits } = await run();
    expect({ exitCode, waits }).toEqual({ exitCode: 14, waits: true });
    expect(events.find(([name]) => name === 'run:held')?.[1]).toMatchObject({ waits: true });
    const { lastError, sources } = await disk();
    const ofSources = Object.values(sources ?? {}).map((source) => source.lastError);
    expect(goesOnWithServer(lastError, ofSources)).toBe(true); // as the next agent finds it
    expect(failure?.happened).toMatch(
      /^held: 2 of 3 sources are not complete on BACKUP_1\. office: The server .* could not be reached.* photos: .*% of files changed.* Complete: mail\.$/,
    );
    expect(failure?.todo).toMatch(/office: Check the network.*photos: .*extbackup approve BACKUP_1/);
  });

  it('waits for no server when it is held, and every server answered', async () => {
    machine.does.set('photos', { changes: many('changed', 500) });
    expect(await run()).not.toHaveProperty('waits');
    expect(events.find(([name]) => name === 'run:held')?.[1]).not.toHaveProperty('waits');
  });

  it('is done with gaps when one has gaps, and does not stamp LABEL', async () => {
    machine.does.set('office', { outcome: { trouble: 'gaps' } });
    expect(await run()).toMatchObject({ exitCode: 3 });
    expect(stamps()).toBe(0);
    expect(outcomes()).toEqual(['office gaps', 'photos success', 'mail success']);
    expect((await disk()).sources).toMatchObject({ office: { lastError: 'EXB_GAPS' }, photos: { lastError: null } });
  });

  it('tells the log and the held report of each source on the disk', async () => {
    machine.does.set('office', { outcome: { log: 'office complains' } });
    machine.does.set('photos', { changes: many('changed', 500), outcome: { log: 'photos complains' } });
    await run();
    expect(machine.inside.get('.extbackup/last-run.log')).toMatch(
      /Source office:\noffice complains\n?Source photos:\nphotos complains\n?Source mail:\n/,
    );
    expect(machine.inside.get('.extbackup/held.txt')).toMatch(/^.*\n\nSource photos:\nheld: [^]* a\n$/);
  });

  it('gives up no history for a full disk while another source is held', async () => {
    machine.does.set('office', { changes: many('changed', 500) });
    machine.does.set('photos', { outcome: { trouble: 'disk-full' } });
    machine.prunable = 1;
    await run();
    expect(machine.pruned).toEqual([]);
    await run(); // the same while it waits
    expect(machine.pruned).toEqual([]);
  });

  it('counts no source as complete when the disk could not be flushed', async () => {
    machine.failing.set('flush', new Error('broken'));
    expect(await run()).toMatchObject({ exitCode: 1 });
    expect(outcomes()).toEqual(['office success', 'photos success', 'mail success']);
    expect((await disk()).sources).toMatchObject({ office: { filesTotal: 1000 } });
  });
});

describe('a source that waits for an answer', () => {
  beforeEach(async () => {
    machine.does.set('photos', { changes: many('changed', 500) });
    await run();
  });

  it('is left alone while the others are pulled, and stays held', async () => {
    machine.does.set('photos', {});
    expect(await run()).toMatchObject({ exitCode: 14 });
    expect(machine.pulled).toEqual(['office', 'mail']);
    expect(outcomes()).toEqual(['office success', 'photos held', 'mail success']);
    expect((await disk()).hold).toMatchObject({ approved: null, sources: { photos: { counts: { changed: 500 } } } });
    expect(stamps()).toBe(0);
    expect(machine.inside.get('.extbackup/held.txt')).toContain('Source photos:\nheld: ');
  });

  it('goes on when that was approved, and then LABEL moves', async () => {
    await approve();
    expect(await run()).toMatchObject({ exitCode: 0 });
    expect(stamps()).toBe(1);
    expect((await disk()).hold).toBeUndefined();
  });

  it('is joined by a second one; one answer is for both, each with its own counts', async () => {
    machine.does.set('mail', { changes: many('changed', 450) });
    expect(await run()).toMatchObject({ exitCode: 14 });
    expect(Object.keys((await disk()).hold?.sources ?? {})).toEqual(['photos', 'mail']);
    expect(machine.inside.get('.extbackup/held.txt')).toMatch(/Source photos:\nheld[^]*Source mail:\nheld/);
    await approve();
    expect(await run()).toMatchObject({ exitCode: 0 });
  });

  it('keeps its approval until a run is complete', async () => {
    await approve();
    machine.does.set('mail', { outcome: { trouble: 'network' } });
    expect(await run()).toMatchObject({ exitCode: 13 });
    machine.does.set('photos', { changes: many('changed', 500) });
    machine.does.delete('mail');
    expect(await run()).toMatchObject({ exitCode: 0 });
    expect((await disk()).hold).toBeUndefined();
  });

  it('is not even opened the disk for when no other source could go on', async () => {
    machine.calls.length = 0;
    config = configOf({ sources: [{ name: 'photos', source: 'extbackup@backup:photos' }] });
    expect(await run()).toMatchObject({ exitCode: 14 });
    expect(machine.calls).toEqual([]);
  });

  it('waits no more when the settings no longer name it', async () => {
    config = configOf({ sources: [{ name: 'office', source: 'extbackup@backup:office' }] });
    expect(await run()).toMatchObject({ exitCode: 0 });
    expect((await disk()).hold).toBeUndefined();
  });
});

describe('the heartbeat of one of several servers', () => {
  beforeEach(() => {
    config = configOf({
      sources: [
        { name: 'office', source: 'extbackup@backup', attestation: { id: 'main-backup' } },
        { name: 'photos', source: 'extbackup@other' },
      ],
    });
  });

  it('holds only its source, which is looked at again, and an answer is about it alone', async () => {
    machine.fetched = [{}];
    expect(await run()).toMatchObject({
      exitCode: 14,
      failure: { happened: expect.stringContaining('no heartbeat on extbackup@backup') as string },
    });
    expect(machine.pulled).toEqual(['photos']);
    expect((await disk()).hold).toMatchObject({
      attestation: 'missing',
      sources: { office: { attestation: 'missing' } },
    });
    expect(await run()).toMatchObject({ exitCode: 14 });
    await approve();
    expect(await run()).toMatchObject({ exitCode: 0 });
    expect(machine.pulled).toEqual(['office', 'photos']);
  });
});

describe('a disk of a set', () => {
  const inSets = (...sets: [name: string, drive: string, ...sources: string[]][]): Config =>
    configOf({
      rotation: { sets: sets.map(([name, drive, ...sources]) => ({ name, drives: [drive], sources })) },
    });

  it('takes the sources of its set and nothing else, and its copy of another one is remembered', async () => {
    config = inSets(['daily', 'BACKUP_1', 'mail', 'office'], ['big', 'BACKUP_2', 'photos']);
    machine.inside.set(layoutPath, layoutOf('office', 'photos', 'mail'));
    machine.mirror = ['office', 'photos', 'mail'].map((name) => ({ name, kind: 'directory' }));
    expect(await run()).toMatchObject({ exitCode: 0, disk: 'closed' });
    expect(machine.pulled).toEqual(['office', 'mail']);
    expect(stamps()).toBe(1);
    expect((await disk()).sources?.['photos']).toEqual(knownSource);
    expect(events.find(([name]) => name === 'run:warned')?.[1]).toMatchObject({
      reason: expect.stringMatching(
        /holds a copy of photos, which the set big takes now\. .*no longer updated/,
      ) as string,
    });
    expect(machine.inside.get(layoutPath)).toBe(layoutOf('office', 'mail', 'photos'));
  });

  it('of no set takes nothing, and is not opened', async () => {
    config = inSets(['daily', 'BACKUP_3', 'mail', 'office', 'photos']);
    expect(await run()).toMatchObject({
      exitCode: 10,
      failure: {
        code: 'EXB_NO_SET',
        happened: expect.stringContaining('BACKUP_1 belongs to none of the sets') as string,
      },
    });
    expect([machine.pulled, machine.calls]).toEqual([[], []]);
  });
});

const layoutOf = (...names: string[]): string =>
  `${JSON.stringify({ version: 1, sources: names.map((name) => ({ name, source: `extbackup@backup:${name}` })) })}\n`;
