import { beforeEach, describe, expect, it } from 'vitest';
import { createBus } from '../../../src/bus/bus.ts';
import { jobSettings } from '../../fakes/job-settings.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { driveRecordSchema } from '../../../src/records/drive-record.ts';
import type { Job } from '../../../src/pipeline/job.ts';
import { createStory } from '../../../src/pipeline/story.ts';
import { pull } from '../../../src/pipeline/pull.ts';
import { FakeMachine } from '../../fakes/fake-machine.ts';

const record = driveRecordSchema.parse({
  label: 'BACKUP_1',
  luksUuid: 'uuid-1',
  sealedId: '3f0c5a52-52c1-4a53-9a57-0c0d6f7d9d11',
  generation: 4,
  enrolledAt: '2026-01-01T00:00:00Z',
});
const hold = {
  runId: 'r',
  at: '2026-01-03T00:00:00Z',
  reason: 'held',
  counts: { created: 0, changed: 0, deleted: 0, changedBytes: 0 },
  approved: null,
};
const approved = { at: '2026-01-03T00:00:00Z', by: 'root', reason: 'I know' };
const settings = { source: 'extbackup@backup', key: { derivation: 'sha512' }, pull: { retries: 0 } };
const beat = (daysAgo: number) =>
  `main-backup\n${new Date(Date.now() - daysAgo * 86_400_000).toISOString().replace(/\.\d+/, '')}\n`;

describe("a pull that asks for the server's heartbeat", () => {
  let machine: FakeMachine;
  let job: Job;
  const run = () =>
    pull(
      job,
      job.sources[0],
      machine,
      createStory(
        createBus(() => undefined),
        'r',
        'BACKUP_1',
        () => undefined,
      ),
      new AbortController().signal,
    );
  beforeEach(() => {
    machine = new FakeMachine();
    job = {
      record,
      device: '/dev/sda1',
      ...jobSettings(configSchema.parse({ ...settings, attestation: { id: 'main-backup' } })),
    };
  });

  it('goes on when it is fresh', async () => {
    machine.fetched = [{ content: beat(8) }];
    expect((await run()).complete).toBe(true);
    expect(machine.calls.slice(0, 4)).toEqual(['fetchFile', 'clearUnfinished', 'countMirror', 'newHistory']);
  });

  it('does not ask without the setting', async () => {
    job = { ...job, ...jobSettings(configSchema.parse(settings)) };
    await run();
    expect(machine.calls).not.toContain('fetchFile');
  });

  it.each([
    ['missing', undefined],
    ['damaged', 'x'],
    ['foreign', beat(1).replace('main', 'other')],
    ['stale', beat(10)],
    ['ahead', beat(-1)],
  ] as const)('is held, and does nothing else, when it is %s', async (attestation, content) => {
    machine.fetched = [content === undefined ? {} : { content }];
    await expect(run()).rejects.toMatchObject({ code: 'EXB_HELD', exitCode: 14, facts: { attestation } });
    expect(machine.calls).toEqual(['fetchFile']);
  });

  it('goes on when that was approved, and asks again for another reason', async () => {
    job = { ...job, record: { ...record, hold: { ...hold, attestation: 'stale', approved } } };
    machine.fetched = [{ content: beat(20) }];
    await run();
    machine.fetched = [{}];
    await expect(run()).rejects.toMatchObject({ facts: { attestation: 'missing' } });
  });

  it('goes on when that was approved before the run was held for too many changes', async () => {
    job = { ...job, record: { ...record, hold: { ...hold, approved, agreed: { attestation: ['stale'] } } } };
    machine.fetched = [{ content: beat(20) }];
    expect((await run()).complete).toBe(true);
  });

  it('is held for too many changes that nobody agreed to, although the heartbeat was approved', async () => {
    const known = { ...record, lastSuccess: '2026-01-02T00:00:00Z', filesTotal: 1000, bytesTotal: 1_000_000 };
    job = { ...job, record: { ...known, hold: { ...hold, attestation: 'stale', approved } } };
    machine.fetched = [{ content: beat(20) }];
    machine.changes = [
      Array.from({ length: 401 }, (_, index) => ({
        kind: 'changed' as const,
        path: `a/${index}`,
        size: 1,
        isDirectory: false,
      })),
    ];
    await expect(run()).rejects.toMatchObject({ code: 'EXB_HELD', facts: { counts: { changed: 401 } } });
  });

  it('keeps to what was agreed about changes while it waits for a heartbeat', async () => {
    const known = { ...record, lastSuccess: '2026-01-02T00:00:00Z', filesTotal: 1000, bytesTotal: 1_000_000 };
    job = {
      ...job,
      record: {
        ...known,
        hold: { ...hold, attestation: 'stale', agreed: { attestation: [], counts: { ...hold.counts, changed: 401 } } },
      },
    };
    machine.fetched = [{ content: beat(1) }];
    machine.changes = [
      Array.from({ length: 401 }, (_, index) => ({
        kind: 'changed' as const,
        path: `a/${index}`,
        size: 1,
        isDirectory: false,
      })),
    ];
    expect((await run()).complete).toBe(true);
  });

  it('fails like any pull when the server cannot be asked', async () => {
    machine.fetched = [{ trouble: 'network' }];
    await expect(run()).rejects.toMatchObject({ code: 'EXB_NETWORK', exitCode: 13 });
    expect(machine.calls).toEqual(['fetchFile']);
  });

  it('tries again after a broken connection', async () => {
    job = {
      ...job,
      ...jobSettings(configSchema.parse({ ...settings, pull: { retries: 1 }, attestation: { id: 'main-backup' } })),
    };
    machine.fetched = [{ trouble: 'network' }, { content: beat(1) }];
    expect((await run()).complete).toBe(true);
    expect(machine.calls.filter((call) => call === 'fetchFile')).toHaveLength(2);
  });
});
