import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDriveRegistry } from '../../../src/records/drive-registry.ts';
import { parseProcessStart, readProcessStart } from '../../../src/system/process-start.ts';
import { readMeasuredStatus, readStatus } from '../../../src/client/read-status.ts';
import { statusSchema, type Status } from '../../../src/protocol/status.ts';
import type { StartProgram } from '../../../src/system/command.ts';
import { files, type Paths } from '../../../src/system/paths.ts';
import type { MeasureUse } from '../../../src/disk/measure.ts';
import { aDrive } from '../../fakes/a-status.ts';
import { aDisk } from './a-disk.ts';

let paths: Paths;
let top = '';
beforeEach(async () => {
  top = await mkdtemp(`${tmpdir()}/status-`);
  paths = {
    config: `${top}/c`,
    etc: `${top}/etc`,
    state: `${top}/state`,
    run: `${top}/run`,
    ramfs: `${top}/ramfs`,
    plaintext: `${top}/plain`,
  };
  await mkdir(paths.run);
});
afterEach(async () => {
  await rm(top, { recursive: true });
});

/** lsblk's answer for disks with one LUKS partition each; `open` ones have a mapping on it. */
const lsblk =
  (...disks: { uuid: string; open?: boolean }[]): StartProgram =>
  () =>
    Promise.resolve({
      exitCode: 0,
      stderr: '',
      stdout: JSON.stringify({
        blockdevices: disks.map(({ uuid, open }, index) => ({
          kname: `sd${index}`,
          path: `/dev/sd${index}`,
          type: 'disk',
          size: 1000,
          children: [
            {
              kname: `sd${index}1`,
              path: `/dev/sd${index}1`,
              type: 'part',
              size: 900,
              fstype: 'crypto_LUKS',
              uuid,
              ...(open === true && { children: [{ kname: 'dm-0', path: '/dev/mapper/x', type: 'crypt', size: 800 }] }),
            },
          ],
        })),
      }),
    });

const agentStatus = async (more: Partial<Status> = {}): Promise<Status> =>
  statusSchema.parse({
    version: 1,
    agent: 'running',
    key: 'loaded',
    drives: [],
    run: null,
    warnings: [],
    updatedAt: '2026-03-01T00:00:00Z',
    pid: process.pid,
    pidStartTime: await readProcessStart(process.pid),
    ...more,
  });

const read = (start: StartProgram = lsblk()) =>
  readStatus(
    {
      paths,
      start,
      rotation: { every: 35 * 86_400_000, drives: {}, offline: 14 * 86_400_000 },
      drillEvery: undefined,
    },
    new Date('2026-03-01T00:00:00Z'),
  );

test('the word of a living agent is passed on as it is', async () => {
  const status = await agentStatus();
  await writeFile(files.status(paths), JSON.stringify(status));
  expect(await read()).toEqual(status);
});

test.each([
  ['another process has its number', { pidStartTime: '1' }],
  ['it said that it stopped', { agent: 'stopped' as const }],
])('the word of an agent does not count when %s', async (_why, more) => {
  await writeFile(files.status(paths), JSON.stringify(await agentStatus(more)));
  expect(await read()).toMatchObject({ agent: 'stopped', key: 'missing', run: null });
});

test('a status file of another version is not believed', async () => {
  await writeFile(files.status(paths), JSON.stringify({ ...(await agentStatus()), version: 2 }));
  expect((await read()).agent).toBe('stopped');
});

test('without an agent, disks and key are looked up', async () => {
  await createDriveRegistry(files.drives(paths)).update(() => [
    aDisk('HERE', { lastSuccess: '2026-02-28T00:00:00Z' }),
    aDisk('OPEN'),
    aDisk('AWAY', { lastError: 'EXB_PULL' }),
    aDisk('BROKEN', { lastError: 'EXB_FSCK' }),
    aDisk('ENDED', { lastError: 'EXB_CANCELLED' }),
  ]);
  await mkdir(paths.ramfs);
  await writeFile(files.luksKey(paths), 'key'); // on a disk: no key
  const status = await read(
    lsblk(
      { uuid: 'uuid-of-HERE' },
      { uuid: 'uuid-of-OPEN', open: true },
      { uuid: 'uuid-of-BROKEN' },
      { uuid: 'uuid-of-ENDED' },
      { uuid: 'foreign' },
    ),
  );
  expect(statusSchema.parse(status)).toEqual(status);
  expect(status.key).toBe('missing');
  expect(status.drives).toMatchObject([
    { label: 'HERE', present: true, state: 'idle', message: null, overdue: false },
    { label: 'OPEN', present: true, state: 'do-not-unplug', overdue: true },
    { label: 'AWAY', present: false, state: 'absent', message: 'The last run failed (EXB_PULL).' },
    { label: 'BROKEN', present: true, state: 'failed' },
    { label: 'ENDED', present: true, state: 'idle', message: 'The last run was cancelled.' },
  ]);
});

test('without an agent, a disk that a command has open is called open by its name', async () => {
  await createDriveRegistry(files.drives(paths)).update(() => [aDisk('OPEN')]);
  const note = {
    version: 1,
    mapping: 'extbackup-OPEN',
    command: 'mount',
    by: 'root',
    since: '2026-03-01T11:00:00.000Z',
  };
  await mkdir(join(paths.run, 'open'), { recursive: true });
  await writeFile(join(paths.run, 'open/extbackup-OPEN.json'), JSON.stringify(note));
  const status = await readStatus({
    ...{ paths, start: lsblk({ uuid: 'uuid-of-OPEN', open: true }) },
    rotation: { every: 1, drives: {}, offline: 1 },
    drillEvery: undefined,
    measure: () => Promise.resolve({ holders: ['extbackup-OPEN'], mountpoints: ['/mnt/plaintext'] }),
  });
  expect(status.drives).toMatchObject([
    { state: 'open', message: 'open (mount by root since 2026-03-01 11:00 UTC): DO NOT UNPLUG' },
  ]);
});

test('a program name with blanks and brackets does not shift the start time', () => {
  const rest = Array.from({ length: 30 }, (_, index) => String(index + 4)).join(' ');
  expect(parseProcessStart(`17 (a) b (c) S ${rest}`)).toBe('22');
  expect(parseProcessStart(`17 (a) Z ${rest}`)).toBeUndefined();
});

test('the status of a running agent is measured anew: a disk that was opened since is never called safe', async () => {
  const safe = { luksUuid: 'uuid-1', present: true, state: 'safe-to-unplug' } as const;
  await writeFile(files.status(paths), JSON.stringify(await agentStatus({ drives: [aDrive('BACKUP_1', safe)] })));
  const opened = () => Promise.resolve({ holders: ['extbackup-view'], mountpoints: ['/mnt/plaintext'] });
  const stateWith = async (measure: MeasureUse) => (await readMeasuredStatus(paths, measure))?.drives[0]?.state;
  expect(await stateWith(() => Promise.resolve(undefined))).toBe('safe-to-unplug');
  expect(['open', 'do-not-unplug']).toContain(await stateWith(opened));
  await rm(files.status(paths));
  expect(await readMeasuredStatus(paths, opened)).toBeUndefined();
});

test('a disk is overdue by the clock of now, not by the one of the moment when the agent wrote', async () => {
  await createDriveRegistry(files.drives(paths)).update(() => [
    aDisk('OLD', { lastSuccess: '2026-01-02T00:00:00Z' }),
    aDisk('NEW', { lastSuccess: '2026-02-27T00:00:00Z' }),
  ]);
  const told = [
    aDrive('OLD', { luksUuid: 'uuid-of-OLD', lastSuccess: '2026-01-02T00:00:00Z' }),
    aDrive('NEW', {
      ...{ luksUuid: 'uuid-of-NEW', lastSuccess: '2026-02-27T00:00:00Z', overdue: true, nextUp: true },
      copyFrom: '2025-01-01T00:00:00Z',
    }),
  ];
  await writeFile(files.status(paths), JSON.stringify(await agentStatus({ drives: told })));
  const { drives, rotation } = await read();
  expect(drives.map(({ label, overdue, nextUp }) => ({ label, overdue, nextUp }))).toEqual([
    { label: 'OLD', overdue: true, nextUp: true },
    { label: 'NEW', overdue: false, nextUp: false },
  ]);
  expect(drives[1]).not.toHaveProperty('copyFrom');
  expect(rotation).toMatchObject({ next: 'OLD', overdueDrives: ['OLD'], offlineCopy: { drive: 'NEW' } });
});
