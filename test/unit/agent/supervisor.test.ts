import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Supervisor } from '../../../src/agent/supervisor.ts';
import { PullError } from '../../../src/errors.ts';
import { HeldError, noCounts } from '../../../src/guard/hold.ts';
import { createBus, type Bus } from '../../../src/bus/bus.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { sealPath } from '../../../src/records/drive-record.ts';
import { createDriveRegistry } from '../../../src/records/drive-registry.ts';
import { createRunLog } from '../../../src/records/run-log.ts';
import { writePause } from '../../../src/records/pause.ts';
import { openAttachMemory } from '../../../src/records/attach-memory.ts';
import type { Volume } from '../../../src/disk/volumes.ts';
import type { Reply } from '../../../src/protocol/status.ts';
import { lockFile } from '../../../src/system/file-lock.ts';
import { defaultPaths, files } from '../../../src/system/paths.ts';
import { FakeMachine } from '../../fakes/fake-machine.ts';
import { disk, enrolled } from './an-agent.ts';
import { deferred } from './deferred.ts';

const drive = enrolled.label;
const second = { ...enrolled, label: 'BACKUP_2', luksUuid: '00000000-0000-4000-8000-000000000002' };
const sda = (diskseq: number): Volume => ({ ...disk('nowhere', diskseq) });
const usual = { key: { derivation: 'sha512' }, pull: { retries: 0 }, verify: { smart: false } };
const oneSource = configSchema.parse({ ...usual, source: 'extbackup@backup' });
const twoSources = configSchema.parse({
  ...usual,
  sources: ['office', 'photos'].map((name) => ({ name, source: `extbackup@${name}` })),
});

let directory: string;
let config: typeof oneSource;
let machine: FakeMachine;
let bus: Bus;
let supervisor: Supervisor;
let plugged: readonly Volume[];
let told: string[];
let replies: Reply[];
let serverIsBack: boolean;
let looks: number;
/** LUKS UUIDs of disks that something has open. */
let openNow: Set<string>;
/** Resolved when the pull that goes on is let go; nothing waits without it. */
let pulling: { readonly begun: ReturnType<typeof deferred>; readonly end: ReturnType<typeof deferred> } | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'station-'));
  const paths = { ...defaultPaths, run: join(directory, 'run'), state: join(directory, 'state') };
  await mkdir(paths.run);
  config = oneSource;
  const registry = createDriveRegistry(files.drives(paths));
  await registry.update(() => [enrolled, second]);
  machine = new FakeMachine();
  machine.uuid = enrolled.luksUuid;
  machine.inside.set('LABEL', drive);
  machine.inside.set(
    sealPath,
    JSON.stringify({
      version: 1,
      sealedId: enrolled.sealedId,
      luksUuid: enrolled.luksUuid,
      label: drive,
      generation: 1,
    }),
  );
  const pull = machine.pull;
  machine.pull = async (order) => {
    pulling?.begun.resolve();
    await pulling?.end.promise;
    return pull(order);
  };
  told = [];
  replies = [];
  plugged = [];
  [serverIsBack, looks, openNow] = [true, 0, new Set()];
  pulling = undefined;
  bus = createBus((_name, error) => {
    throw error;
  });
  for (const name of ['run:succeeded', 'run:failed', 'drive:safe-to-unplug', 'drive:do-not-unplug'] as const)
    bus.on(name, () => {
      told.push(name);
    });
  supervisor = new Supervisor(
    {
      bus,
      paths,
      registry,
      bootId: 'boot',
      start: () => Promise.reject(new Error('no program is started here')),
      runs: createRunLog(files.runs(paths)),
      attaches: await openAttachMemory(files.attaches(paths), 'boot', (error) => {
        throw error;
      }),
      replies: {
        send: (reply) => {
          replies.push(reply);
          return Promise.resolve();
        },
        tidy: () => Promise.resolve(),
      },
      findVolumes: () => Promise.resolve(plugged),
      loadConfig: () => Promise.resolve(config),
      machineFor: () => machine,
      publish: () => undefined,
      serverAnswers: () => {
        looks += 1;
        return Promise.resolve(serverIsBack);
      },
      measure: (luksUuid) =>
        Promise.resolve(openNow.has(luksUuid) ? { holders: ['look'], mountpoints: [] } : undefined),
      sight: { findVolumes: () => Promise.resolve(plugged), keyIsLoaded: () => Promise.resolve(true) },
    },
    50,
  );
});
afterEach(async () => {
  pulling?.end.resolve();
  await supervisor.stop();
  await rm(directory, { recursive: true, force: true });
});

const plug = (...volumes: readonly Volume[]): void => {
  plugged = volumes;
  supervisor.refresh();
};
/** Programs such as flock start slowly on a busy machine. */
const waitFor = (check: () => void): Promise<void> => vi.waitFor(check, 15_000);
const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
const holdPull = () => (pulling = { begun: deferred(), end: deferred() });

it('runs once for one attach', async () => {
  plug(sda(1));
  await waitFor(() => {
    expect(told).toEqual(['run:succeeded', 'drive:safe-to-unplug']);
  });
  plug(sda(1));
  await pause(50);
  expect(told).toHaveLength(2);
});

it('a disk that lost its contact for a moment during its run is run again', async () => {
  const first = holdPull();
  plug(sda(1));
  await first.begun.promise;
  plug(sda(2)); // out and in again, before the run that it was pulled out of has ended
  await waitFor(() => {
    expect(supervisor.board.find(drive)?.volume.diskseq).toBe(2);
  });
  pulling = undefined;
  first.end.resolve();
  await waitFor(() => {
    expect(told).toEqual(['run:failed', 'run:succeeded', 'drive:safe-to-unplug']);
  });
  await waitFor(() => {
    expect(supervisor.board.find(drive)?.state).toBe('safe-to-unplug');
  }); // shown after it was told
});

it('while a disk that could not be closed has another run, nothing else closes it, or says that it is closed', async () => {
  machine.failing.set('ensureClosed', new Error('busy'));
  plug(sda(1));
  await waitFor(() => {
    expect(told).toEqual(['run:failed', 'drive:do-not-unplug']);
  });
  await supervisor.idle();
  machine.failing.delete('ensureClosed');
  machine.opened = false;
  const next = holdPull();
  supervisor.request({ version: 1, kind: 'run', id: 'again', drive, scheduled: false });
  await next.begun.promise;
  await pause(200); // the time of a few looks whether the disk can be closed now
  expect(told).toHaveLength(2);
  expect(supervisor.board.find(drive)?.state).toBe('running');
  next.end.resolve();
  await waitFor(() => {
    expect(told.slice(2)).toEqual(['run:succeeded', 'drive:safe-to-unplug']);
  });
  await pause(200);
  expect(told).toHaveLength(4);
  expect(supervisor.board.find(drive)?.state).toBe('safe-to-unplug');
});

it('closes nothing under a command that is at work with a disk', async () => {
  const lock = await lockFile(join(directory, 'run/device.lock'));
  supervisor.request({ version: 1, kind: 'release', id: 'asked' });
  await waitFor(() => {
    expect(replies.at(-1)).toMatchObject({
      state: 'done',
      exitCode: 11,
      happened: expect.stringContaining('nothing was closed') as string,
    });
  });
  await lock?.release();
  supervisor.request({ version: 1, kind: 'release', id: 'again' }); // now it looks for what is open, with a program that is not there
  await waitFor(() => {
    expect(replies.at(-1)).toMatchObject({ id: 'again', exitCode: expect.any(Number) as number });
  });
  expect(replies.at(-1)?.exitCode).not.toBe(11);
});

it('waits while another command has the disks, without a failure, and goes on by itself', async () => {
  const lock = await lockFile(join(directory, 'run/device.lock'));
  plug(sda(1));
  await waitFor(() => {
    expect(supervisor.board.find(drive)?.state).toBe('waiting-for-device');
  });
  expect(told).toEqual([]);
  await lock?.release();
  await waitFor(() => {
    expect(told).toEqual(['run:succeeded', 'drive:safe-to-unplug']);
  });
});

it('lets a disk whose server is away wait, opens nothing before the server answers, and ends in a good run', async () => {
  const { pull } = machine;
  machine.pull = () => Promise.reject(new PullError('EXB_NETWORK', 'The server could not be reached.', 'Look.'));
  serverIsBack = false;
  plug(sda(1));
  await waitFor(() => {
    expect(supervisor.board.find(drive)?.state).toBe('waiting-for-server');
  });
  expect(told).toEqual(['run:failed', 'drive:safe-to-unplug']);
  plug(sda(1));
  await pause(100); // not yet due
  expect(looks).toBe(0);
  const opened = machine.calls.filter((call) => call === 'open').length;
  for (const round of [1, 2, 3]) {
    becomeDue();
    await waitFor(() => {
      expect(looks).toBe(round);
    });
  }
  await pause(50);
  expect(supervisor.board.find(drive)).toMatchObject({ state: 'waiting-for-server' });
  expect(told).toHaveLength(2);
  expect(machine.calls.filter((call) => call === 'open')).toHaveLength(opened);
  machine.pull = pull;
  serverIsBack = true;
  becomeDue();
  await waitFor(() => {
    expect(told.slice(2)).toEqual(['run:succeeded', 'drive:safe-to-unplug']);
  });
});

it('a disk that is held for one source goes on by itself for another one whose server was away', async () => {
  config = twoSources;
  const { pull } = machine;
  const away = new PullError('EXB_NETWORK', 'The server could not be reached.', 'Look.');
  const held = new HeldError('held: many files changed.', 'Approve it.', { headline: 'many', counts: noCounts });
  machine.pull = ({ source }) => Promise.reject(source.name === 'photos' ? away : held);
  plug(sda(1));
  await waitFor(() => {
    expect(supervisor.board.find(drive)?.againAt).toBeDefined();
  });
  expect(supervisor.board.find(drive)).toMatchObject({
    state: 'held',
    message: expect.stringMatching(/many files changed.* Leave it plugged in/) as string,
  });
  expect(supervisor.board.find(drive)?.message).not.toMatch(/safe to unplug/);
  machine.pull = (order) => (order.source.name === 'photos' ? pull(order) : Promise.reject(held));
  becomeDue();
  await waitFor(() => {
    expect(supervisor.board.find(drive)?.message).toMatch(/Complete: photos\..* safe to unplug/);
  });
  expect(looks).toBe(1);
  expect(supervisor.board.find(drive)).toMatchObject({ state: 'held' });
  await pause(50);
  expect([looks, told.filter((name) => name === 'run:succeeded')]).toEqual([1, []]);
});

it('starts nothing by itself during a pause, backs up when asked, and goes on when the pause is over', async () => {
  const { paths, until } = { paths: { ...defaultPaths, run: join(directory, 'run') }, until: 600_000 };
  const events: string[] = [];
  for (const name of ['pause:begun', 'pause:ended'] as const)
    bus.on(name, () => {
      events.push(name);
    });
  await writePause(paths, until, 'dora');
  plug(sda(1));
  await waitFor(() => {
    expect(supervisor.board.find(drive)?.message).toMatch(/^Paused by dora until (\d{4}-\d\d-\d\d )?\d\d:\d\d/);
  });
  supervisor.request({ version: 1, kind: 'run', id: 'scheduled', drive: null, scheduled: true });
  await waitFor(() => {
    expect(replies.at(-1)).toMatchObject({ state: 'done', code: 'EXB_PAUSED', exitCode: 15 });
  });
  supervisor.request({ version: 1, kind: 'run', id: 'asked', drive, scheduled: false });
  await waitFor(() => {
    expect(told).toEqual(['run:succeeded', 'drive:safe-to-unplug']);
  });
  plug(sda(2));
  await waitFor(() => {
    expect(supervisor.board.find(drive)?.volume.diskseq).toBe(2);
  });
  await pause(50);
  expect(told).toHaveLength(2);
  await writePause(paths, 100, 'dora'); // ends by itself
  supervisor.refresh();
  await waitFor(() => {
    expect(told).toHaveLength(4);
  });
  expect(events).toEqual(['pause:begun', 'pause:ended']);
});

it('cancels the present run for somebody who did not start it, and says when the disk is closed', async () => {
  const first = holdPull();
  plug(sda(1));
  await first.begun.promise;
  supervisor.request({ version: 1, kind: 'cancel-runs', id: 'other-disk', drive: 'BACKUP_9' });
  supervisor.request({ version: 1, kind: 'cancel-runs', id: 'cancel', drive: null });
  first.end.resolve();
  await waitFor(() => {
    expect(replies.at(-1)).toMatchObject({
      id: 'cancel',
      state: 'done',
      exitCode: 0,
      happened: expect.stringContaining('Disk BACKUP_1 is closed: safe to unplug.') as string,
    });
  });
  expect(replies[0]).toMatchObject({ id: 'other-disk', exitCode: 0, happened: 'No run to disk BACKUP_9 is going on.' });
  expect(machine.opened).toBe(false);
  expect(supervisor.board.find(drive)).toMatchObject({
    state: 'idle', // no failure: somebody wanted it
    message: expect.stringContaining('The run was cancelled.') as string,
  });
  plug(sda(1)); // the same attach: it does not begin again
  await pause(50);
  expect(told).toEqual(['run:failed', 'drive:safe-to-unplug']);
});

const becomeDue = (): void => {
  const attach = supervisor.board.find(drive);
  if (attach) attach.againAt = 0;
  plug(...plugged);
};

/** The answers to one request, in order. */
const answersTo = (id: string): Reply[] => replies.filter((reply) => reply.id === id);
const runBoth = { version: 1, kind: 'run', id: 'both', drive: null, scheduled: false } as const;

it('queues another disk that is asked for during a run, and each caller gets the end of its own disks', async () => {
  const first = holdPull();
  plug(sda(1), { ...disk('sdb', 2), luksUuid: second.luksUuid });
  await first.begun.promise; // one of them is being backed up to, the other one waits
  machine.uuid = second.luksUuid;
  supervisor.request({ ...runBoth, id: 'second', drive: second.label });
  supervisor.request(runBoth);
  await waitFor(() => {
    expect(new Set(replies.map(({ id, state }) => `${id} ${state}`))).toEqual(
      new Set(['second queued', 'both queued']),
    );
  });
  const joined = answersTo('both')[0]?.joinedRunIds ?? [];
  expect(joined).toHaveLength(1);
  expect(answersTo('both')[0]?.runIds).toEqual([...joined, ...(answersTo('second')[0]?.runIds ?? [])]);
  machine.inside.set('LABEL', second.label);
  machine.failing.set('check', new PullError('EXB_DISK_ERROR', 'The second one broke.', 'Look.'));
  first.end.resolve();
  await waitFor(() => {
    expect(answersTo('both').at(-1)?.state).toBe('done');
    expect(answersTo('second').at(-1)?.state).toBe('done');
  });
  for (const id of ['both', 'second'])
    expect(answersTo(id).at(-1)).toMatchObject({ exitCode: 13, happened: expect.stringContaining('second') as string });
});

it('refuses twins alone where all disks are asked for, and says so when the others have ended', async () => {
  const twin = { ...disk('sdb', 2), luksUuid: second.luksUuid };
  const other = { ...disk('sdc', 3), luksUuid: second.luksUuid };
  const first = holdPull();
  plug(sda(1), twin, other);
  await first.begun.promise;
  pulling = undefined;
  first.end.resolve();
  await supervisor.idle();
  supervisor.request(runBoth);
  await waitFor(() => {
    expect(answersTo('both').at(-1)).toMatchObject({ state: 'done', exitCode: 10, code: 'EXB_DUPLICATE' });
  });
  expect(answersTo('both').at(-1)?.happened).toMatch(
    /^Two disks with the LUKS header of BACKUP_2 are plugged in; one is a copy\. BACKUP_1 is done, safe to unplug\.$/,
  );
  expect(machine.calls.filter((call) => call === 'open')).toHaveLength(2);
  supervisor.request({ ...runBoth, id: 'twin', drive: second.label });
  await waitFor(() => {
    expect(answersTo('twin')).toMatchObject([{ state: 'done', code: 'EXB_DUPLICATE', runIds: [] }]);
  });
});

it('calls no disk safe to unplug that somebody has opened since its run', async () => {
  plug(sda(1));
  await waitFor(() => {
    expect(told).toContain('drive:safe-to-unplug');
  });
  await supervisor.idle();
  const next = holdPull();
  supervisor.request({ ...runBoth, drive });
  await next.begun.promise;
  openNow.add(enrolled.luksUuid);
  next.end.resolve();
  await waitFor(() => {
    expect(answersTo('both').at(-1)).toMatchObject({
      state: 'done',
      happened: `${drive} is done, DO NOT UNPLUG it: open (as look).`,
    });
  });
});
