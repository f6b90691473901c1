import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createBus } from '../../../src/bus/bus.ts';
import type { EventName } from '../../../src/bus/events.ts';
import type { Change } from '../../../src/history/change.ts';
import { machineWithDisk, record, sealedId } from '../../fakes/enrolled-disk.ts';
import { jobSettings } from '../../fakes/job-settings.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { sealPath } from '../../../src/records/drive-record.ts';
import { backUp } from '../../../src/pipeline/back-up.ts';
import { type Job } from '../../../src/pipeline/job.ts';
import { createStory } from '../../../src/pipeline/story.ts';
import { ExtbackupError, NotReleasedError, PullError } from '../../../src/errors.ts';
import { goodPull, type FakeMachine } from '../../fakes/fake-machine.ts';
import { luksBlock } from '../../fakes/luks2-image.ts';

const config = configSchema.parse({
  source: 'extbackup@backup.example.org',
  key: { derivation: 'sha512' },
  pull: { retries: 0 },
});
const plainJob: Job = { record, device: '/dev/sda1', ...jobSettings(config) };

describe('a run', () => {
  let job: Job;
  let machine: FakeMachine;
  let events: EventName[];
  let abort: AbortController;
  const run = () => {
    const bus = createBus(() => undefined);
    bus.onAny((name) => {
      events.push(name);
    });
    return backUp(
      job,
      machine,
      createStory(bus, 'run-1', 'BACKUP_1', () => undefined),
      abort.signal,
    );
  };
  const failure = async (): Promise<ExtbackupError> => {
    const error: unknown = await run().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof ExtbackupError)) throw new Error(`expected a worded failure, got ${String(error)}`);
    return error;
  };

  beforeEach(() => {
    job = plainJob;
    machine = machineWithDisk();
    events = [];
    abort = new AbortController();
  });

  it('tells its story in order and ends with the disk closed', async () => {
    const result = await run();
    expect(events).toEqual([
      'luks:opened',
      'fs:checked',
      'fs:mounted',
      'label:verified',
      'sync:started',
      'sync:finished',
      'label:stamped',
      'data:progress',
      'data:verified',
      'fs:unmounted',
      'luks:closed',
    ]);
    expect(result.gaps).toBe(false);
    expect(machine.opened || machine.mounted).toBe(false);
  });

  it('flushes before it stamps, and counts the generation up', async () => {
    await run();
    expect(machine.calls.indexOf('flush')).toBeGreaterThan(machine.calls.indexOf('pull'));
    expect(machine.calls.indexOf('flush')).toBeLessThan(machine.calls.indexOf('stamp'));
    expect(JSON.parse(machine.inside.get(sealPath) ?? '')).toMatchObject({ generation: 5 });
  });

  it.each(['wake', 'filesystemType', 'check', 'mount', 'pull', 'flush', 'stamp'])(
    'closes the disk and does not stamp it when "%s" fails',
    async (step) => {
      machine.failing.set(step, new Error('broken'));
      await expect(run()).rejects.toThrow();
      expect(machine.opened || machine.mounted).toBe(false);
      expect(machine.stampedAt).toBeUndefined();
    },
  );

  it('says DO NOT UNPLUG when the disk cannot be unmounted, and still tries to close it', async () => {
    machine.failing.set('ensureUnmounted', new Error('busy'));
    const error = await failure();
    expect(error).toBeInstanceOf(NotReleasedError);
    expect(error.todo).toContain('DO NOT UNPLUG');
    expect(machine.calls).toContain('ensureClosed');
  });

  it.each(['xfs', 'btrfs'])(
    'leaves the check of %s to the mount, and says what repairs it when that fails',
    async (fstype) => {
      machine.fstype = fstype;
      machine.checkOutcome = 'at-mount';
      await run();
      expect(events).toContain('label:stamped');
      expect(events).not.toContain('fs:checked'); // nothing was checked, so nothing is said
      machine.failing.set('mount', new Error('bad superblock'));
      expect(await failure()).toMatchObject({
        code: 'EXB_MOUNT',
        exitCode: 13,
        todo: expect.stringContaining(fstype === 'xfs' ? 'xfs_repair' : 'btrfs check') as string,
      });
      expect(machine.opened || machine.mounted).toBe(false);
    },
  );

  it('refuses a file system that it does not know', async () => {
    machine.fstype = 'vfat';
    expect(await failure()).toMatchObject({ code: 'EXB_FILESYSTEM', exitCode: 10 });
    expect(machine.calls).not.toContain('mount');
  });

  it('refuses a wrong key without touching the disk', async () => {
    machine.openOutcome = 'wrong-key';
    expect(await failure()).toMatchObject({ code: 'EXB_KEY_REJECTED', exitCode: 12 });
    expect(machine.calls).not.toContain('mount');
  });

  it('believes the header that woke the disk, and asks cryptsetup about any other', async () => {
    const luksUuid = '6f1c2a4e-0b1d-4c7f-9a53-0123456789ab';
    job = { ...plainJob, record: { ...record, luksUuid } };
    const seal = { version: 1, sealedId: record.sealedId, luksUuid, label: 'BACKUP_1', generation: record.generation };
    machine.inside.set(sealPath, JSON.stringify(seal));
    machine.firstBlock = luksBlock({ uuid: luksUuid });
    await run();
    expect(machine.calls).not.toContain('luksUuid');
    machine.firstBlock = luksBlock({ uuid: luksUuid.replace('6', '7') });
    expect(await failure()).toMatchObject({ code: 'EXB_STRANGE_VOLUME' });
    expect(machine.calls).toContain('luksUuid');
  });

  it('refuses a disk whose header is not the enrolled one', async () => {
    machine.uuid = 'uuid-2';
    expect(await failure()).toMatchObject({ code: 'EXB_STRANGE_VOLUME' });
    expect(machine.calls).not.toContain('open');
  });

  it.each([
    ['no LABEL', () => machine.inside.delete('LABEL'), 'EXB_LABEL_MISSING'],
    ['another LABEL', () => machine.inside.set('LABEL', 'BACKUP_2'), 'EXB_LABEL_MISMATCH'],
    ['no seal', () => machine.inside.delete(sealPath), 'EXB_SEAL_MISSING'],
    ['a torn seal', () => machine.inside.set(sealPath, '{"version":1'), 'EXB_SEAL_MISSING'],
    [
      'an older generation',
      () =>
        machine.inside.set(
          sealPath,
          JSON.stringify({ version: 1, sealedId, luksUuid: 'uuid-1', label: 'BACKUP_1', generation: 3 }),
        ),
      'EXB_ROLLED_BACK',
    ],
  ])('refuses a disk with %s, before anything is pulled', async (_what, spoil, code) => {
    spoil();
    expect(await failure()).toMatchObject({ code, exitCode: 10 });
    expect(machine.calls).not.toContain('pull');
  });

  it('deletes nothing for a source without a file', async () => {
    machine.pulls = [{ ...goodPull, entries: 0, skippedDeletions: 7 }];
    expect(await failure()).toMatchObject({ code: 'EXB_EMPTY_SOURCE', exitCode: 13 });
    expect(machine.pullOrders.every(({ deleteLimit }) => deleteLimit === undefined)).toBe(true);
    expect(machine.stampedAt).toBeUndefined();
  });

  it('deletes in a second phase, with a limit', async () => {
    machine.pulls = [{ ...goodPull, skippedDeletions: 7 }, goodPull];
    await run();
    expect(machine.pullOrders.map(({ deleteLimit }) => deleteLimit)).toEqual([undefined, expect.any(Number)]);
  });

  it('deletes what the first phase named, as far as that is known', async () => {
    const doomed = { names: [{ path: Buffer.from('gone'), isDirectory: false }], count: 7 };
    machine.pulls = [
      { ...goodPull, skippedDeletions: 7, doomed },
      { ...goodPull, figures: { ...goodPull.figures, filesTotal: 0, bytesTotal: 0, filesDeleted: 7 } },
    ];
    const { figures } = await run();
    expect(machine.pullOrders.map((order) => order.doomed)).toEqual([undefined, doomed]);
    expect(figures).toMatchObject({
      filesTotal: goodPull.figures.filesTotal,
      bytesTotal: goodPull.figures.bytesTotal,
      filesDeleted: 7,
    });
  });

  it('needs no second phase when there is nothing to delete', async () => {
    await run();
    expect(machine.pullOrders).toHaveLength(1);
  });

  it('does not stamp a pull with gaps, and does not call it complete', async () => {
    machine.pulls = [{ ...goodPull, trouble: 'gaps' }];
    const result = await run();
    expect(result).toMatchObject({ gaps: true });
    expect(machine.stampedAt).toBeUndefined();
  });

  it('stamps a pull from which files vanished, and tells it', async () => {
    machine.pulls = [{ ...goodPull, vanished: 2 }];
    expect((await run()).gaps).toBe(true);
    expect(machine.stampedAt).toBeDefined();
  });

  describe('that reads a part back', () => {
    const bad = {
      compared: 7,
      recorded: 1,
      bytes: 99,
      found: { damaged: 1, unreadable: 1 },
      known: { damaged: 3, unreadable: 1 },
      complete: false,
      cutOff: false,
    };

    it('does so after the stamp and before closing, with the share of the settings, and tells damage as a warning', async () => {
      machine.verdict = bad;
      const result = await run();
      expect(machine.calls.indexOf('verifyPart')).toBeGreaterThan(machine.calls.indexOf('stamp'));
      expect(machine.calls.indexOf('verifyPart')).toBeLessThan(machine.calls.indexOf('ensureUnmounted'));
      expect(machine.parts).toEqual([
        { share: 0.05, limitMs: 600_000, whole: { files: 10, bytes: 1000 }, recordCopied: true },
      ]);
      expect(events.slice(events.indexOf('label:stamped') + 1, -2)).toEqual([
        'data:progress',
        'data:verified',
        'run:warned',
      ]);
      expect(result).toMatchObject({ gaps: false, verified: bad });
    });

    it('stays complete when that fails, and names no file', async () => {
      machine.failing.set(
        'verifyPart',
        Object.assign(new Error("EIO: i/o error, open '/mnt/plaintext/backups/secret'"), { code: 'EIO' }),
      );
      const warnings: string[] = [];
      const bus = createBus(() => undefined);
      bus.on('run:warned', ({ reason }) => {
        warnings.push(reason);
      });
      const result = await backUp(
        job,
        machine,
        createStory(bus, 'run-1', 'BACKUP_1', () => undefined),
        abort.signal,
      );
      expect(result.stampedAt).toBeDefined();
      expect(result.verified).toBeUndefined();
      expect(warnings).toEqual([expect.stringMatching(/^The backup is complete, .*\(EIO\)\.$/)]);
    });

    it('stays complete when it is cancelled there, without a warning', async () => {
      machine.verifyPart = () => {
        abort.abort(
          new PullError('EXB_DISK_GONE', 'Disk BACKUP_1 was pulled out during its run.', 'Plug it in again.'),
        );
        return Promise.reject(new Error('gone'));
      };
      expect((await run()).stampedAt).toBeDefined();
      expect(events).not.toContain('run:warned');
      expect(machine.opened || machine.mounted).toBe(false);
    });

    it.each([
      [
        'with gaps',
        () => {
          machine.pulls = [{ ...goodPull, trouble: 'gaps' }];
        },
      ],
      [
        'whose settings turn it off',
        () => {
          job = { ...job, ...jobSettings({ ...config, verify: { ...config.verify, share: 0 } }) };
        },
      ],
    ])('leaves it in a run %s', async (_what, arrange) => {
      arrange();
      await run();
      expect(machine.parts).toEqual([]);
    });
  });

  it('gives the reason for its end, not the error that the end caused', async () => {
    machine.failing.set('pull', new Error('killed'));
    abort.abort(new PullError('EXB_DISK_GONE', 'Disk BACKUP_1 was pulled out during its run.', 'Plug it in again.'));
    expect(await failure()).toMatchObject({ code: 'EXB_DISK_GONE' });
  });

  describe('of a disk that was complete before', () => {
    const known = { ...record, lastSuccess: '2026-01-02T00:00:00Z', filesTotal: 1000, bytesTotal: 1_000_000 };
    const changes = (kind: Change['kind'], count: number): Change[] =>
      Array.from({ length: count }, (_, index) => ({ kind, path: `top/${index}`, size: 10, isDirectory: false }));
    beforeEach(() => {
      job = { ...job, record: known };
    });

    it('is held when too much changed: nothing is deleted or stamped, the rest is only looked at', async () => {
      machine.changes = [changes('changed', 401), changes('changed', 300)];
      machine.pulls = [{ ...goodPull, trouble: 'failed' }];
      expect(await failure()).toMatchObject({
        code: 'EXB_HELD',
        exitCode: 14,
        message: expect.stringContaining('70 % of files changed (701)') as string,
      });
      expect(machine.pullOrders.map(({ survey, deleteLimit }) => [survey, deleteLimit])).toEqual([
        [undefined, undefined],
        [true, undefined],
      ]);
      expect(machine.stampedAt).toBeUndefined();
      expect(machine.calls).not.toContain('pruneHistory');
      expect(machine.inside.get('.extbackup/held.txt')).toContain('top');
      expect(machine.opened || machine.mounted).toBe(false);
    });

    it('fails before anything is pulled when something is missing that must be there, and does not say its name', async () => {
      job = {
        ...job,
        ...jobSettings(
          configSchema.parse({
            source: 'extbackup@backup.example.org',
            key: { derivation: 'sha512' },
            pull: { requires: ['projects', 'mail/.mounted'] },
          }),
        ),
      };
      await run();
      machine.pullOrders.length = 0;
      machine.lacking.add('mail/.mounted');
      const failed = await failure();
      expect(failed).toMatchObject({
        code: 'EXB_REQUIRED_MISSING',
        exitCode: 13,
        message: expect.stringContaining('entry 2 of requires') as string,
      });
      expect(failed.message).not.toContain('mail');
      expect(machine.pullOrders).toEqual([]);
      expect(machine.opened || machine.mounted).toBe(false);
    });

    it('is held before anything is deleted when too much would be', async () => {
      machine.pulls = [{ ...goodPull, skippedDeletions: 101 }];
      machine.changes = [[], changes('deleted', 101)];
      expect(await failure()).toMatchObject({
        code: 'EXB_HELD',
        message: expect.stringContaining('10 % of files deleted (101)') as string,
      });
      expect(machine.pullOrders.some(({ deleteLimit }) => deleteLimit !== undefined)).toBe(false);
    });

    it('is not told of a history that the settings do not keep', async () => {
      job = { ...job, ...jobSettings({ ...config, history: { ...config.history, enabled: false } }) };
      machine.changes = [changes('changed', 401)];
      machine.pulls = [{ ...goodPull, trouble: 'failed' }];
      const { message } = await failure();
      expect(message).toContain('Nothing was deleted. The old versions of replaced files are lost');
    });

    it('is never held for a connection that broke', async () => {
      machine.pulls = [{ ...goodPull, trouble: 'network' }];
      expect(await failure()).toMatchObject({ code: 'EXB_NETWORK' });
    });

    it('goes on after a connection that broke while it deleted, and counts anew what is to be deleted', async () => {
      job = { ...job, ...jobSettings({ ...config, pull: { ...config.pull, retries: 1 } }) };
      machine.pulls = [
        { ...goodPull, skippedDeletions: 60 },
        { ...goodPull, trouble: 'network' },
        { ...goodPull, skippedDeletions: 30 },
        goodPull,
      ];
      machine.changes = [[], changes('deleted', 30), [], changes('deleted', 30)];
      expect(await run()).toMatchObject({ gaps: false, figures: { filesDeleted: 60 } });
      expect(machine.pullOrders.map(({ deleteLimit }) => deleteLimit)).toEqual([undefined, 1_240, undefined, 1_120]);
      expect(events.filter((name) => name === 'sync:interrupted')).toHaveLength(1);
      expect(machine.calls).toContain('removePartials');
      expect(machine.stampedAt).toBeDefined();
    });

    it('transfers differences only, as long as a part of a file may be there', async () => {
      job = { ...job, ...jobSettings({ ...config, pull: { ...config.pull, retries: 1 } }) };
      machine.pulls = [{ ...goodPull, trouble: 'network' }, goodPull];
      await run();
      job = { ...job, record: { ...job.record, lastError: 'EXB_NETWORK' } };
      await run();
      expect(machine.pullOrders.map(({ mayResume = false }) => mayResume)).toEqual([false, true, true]);
    });

    it('deletes no more when the server came back with too little: what was deleted before counts too', async () => {
      job = { ...job, ...jobSettings({ ...config, pull: { ...config.pull, retries: 1 } }) };
      machine.pulls = [
        { ...goodPull, skippedDeletions: 60 },
        { ...goodPull, trouble: 'network' },
        { ...goodPull, skippedDeletions: 71 },
      ];
      machine.changes = [[], changes('deleted', 30)];
      const { code, message } = await failure();
      expect(code).toBe('EXB_HELD');
      expect(message).toContain('Before that, 30 files were deleted; they, and every replaced file, are kept');
      expect(machine.pullOrders.filter(({ deleteLimit }) => deleteLimit !== undefined)).toHaveLength(1);
      expect(machine.stampedAt).toBeUndefined();
    });

    it('deletes nothing of a source that came back empty', async () => {
      job = { ...job, ...jobSettings({ ...config, pull: { ...config.pull, retries: 1 } }) };
      machine.pulls = [
        { ...goodPull, skippedDeletions: 5 },
        { ...goodPull, trouble: 'network' },
        { ...goodPull, entries: 0, skippedDeletions: 20 },
      ];
      expect(await failure()).toMatchObject({ code: 'EXB_EMPTY_SOURCE' });
      expect(machine.pullOrders.filter(({ deleteLimit }) => deleteLimit !== undefined)).toHaveLength(1);
    });

    it('keeps an entry of history for each rsync, and thins them out after the stamp', async () => {
      machine.pulls = [{ ...goodPull, skippedDeletions: 1 }, goodPull];
      await run();
      expect(machine.pullOrders.every(({ history }) => history !== undefined)).toBe(true);
      expect(machine.calls.filter((call) => call === 'newHistory')).toHaveLength(2);
      expect(machine.calls.indexOf('pruneHistory')).toBeGreaterThan(machine.calls.indexOf('stamp'));
    });

    describe('and of which files have become unreadable', () => {
      beforeEach(() => {
        machine.changes = [changes('changed', 10)];
        for (let index = 0; index < 10; index += 1) {
          machine.heads.set(`top/${index}`, randomBytes(2_000));
          machine.heads.set(`old:top/${index}`, Buffer.alloc(2_000, 'a letter '));
        }
      });

      it('warns and stamps, but gives up no history', async () => {
        expect(await run()).toMatchObject({ suspicious: true });
        expect(events).toContain('run:warned');
        expect(machine.stampedAt).toBeDefined();
        expect(machine.calls).not.toContain('pruneHistory');
        expect(machine.inside.get('.extbackup/suspicious.txt')).toContain('top/3');
      });

      it('warns once, also when the connection broke while it deleted', async () => {
        job = { ...job, ...jobSettings({ ...config, pull: { ...config.pull, retries: 1 } }) };
        machine.pulls = [
          { ...goodPull, skippedDeletions: 5 },
          { ...goodPull, trouble: 'network' },
          { ...goodPull, skippedDeletions: 5 },
          goodPull,
        ];
        expect(await run()).toMatchObject({ suspicious: true });
        expect(machine.pullOrders).toHaveLength(4);
        expect(events.filter((event) => event === 'run:warned')).toHaveLength(1);
      });

      it('gives up no history later either, until somebody answers', async () => {
        machine.changes = [];
        job = { ...job, record: { ...known, suspicion: { runId: 'r', at: '2026-01-03T00:00:00Z' } } };
        await run();
        expect(machine.calls).not.toContain('pruneHistory');
        machine.pulls = [{ ...goodPull, trouble: 'disk-full', shortage: 'blocks' }];
        machine.prunable = 1;
        expect(await failure()).toMatchObject({ code: 'EXB_DISK_FULL' });
        expect(machine.pruned).toEqual([]);
      });

      it('is held where the settings say so, and neither deleted nor stamped', async () => {
        job = { ...job, ...jobSettings({ ...config, guard: { ...config.guard, content: 'hold' } }) };
        machine.pulls = [{ ...goodPull, skippedDeletions: 5 }];
        expect(await failure()).toMatchObject({
          code: 'EXB_HELD',
          facts: { isAlarm: true, counts: { changed: 10, deleted: 5 } },
        });
        expect(machine.pullOrders).toHaveLength(1);
        expect(machine.stampedAt).toBeUndefined();
      });

      it('is not looked at where nobody wants that', async () => {
        job = { ...job, ...jobSettings({ ...config, guard: { ...config.guard, content: 'off' } }) };
        expect(await run()).not.toHaveProperty('suspicious');
        expect(events).not.toContain('run:warned');
      });
    });

    it('tells of states that were given up, also where no entry was removed', async () => {
      machine.givenUp = 2;
      await run();
      expect(events).toContain('history:pruned');
    });

    it('makes room on a full disk and goes on', async () => {
      machine.pulls = [{ ...goodPull, trouble: 'disk-full', shortage: 'blocks' }, goodPull, goodPull]; // the second one looks whether that is right
      machine.prunable = 1;
      expect((await run()).stampedAt).toBeDefined();
      expect(machine.pruned[0]).toMatchObject({ atLeast: 28 * 86_400_000 });
      expect(machine.prunePositions).toEqual([1, 1]); // what this run kept stays
      expect(events).toContain('history:pruned');
    });

    it('gives up no history when the disk is full of what looks wrong', async () => {
      machine.pulls = [{ ...goodPull, trouble: 'disk-full', shortage: 'blocks' }];
      machine.changes = [[], changes('deleted', 500), changes('deleted', 500)];
      machine.prunable = 1;
      expect(await failure()).toMatchObject({ code: 'EXB_HELD' });
      expect(machine.pruned).toEqual([]);
    });

    it.each(['disk-full', 'gaps'] as const)('gives up no history because of words alone: %s', async (trouble) => {
      machine.pulls = [{ ...goodPull, trouble }];
      machine.prunable = 1;
      await run().catch(() => undefined);
      expect(machine.pruned).toEqual([]);
    });

    it('makes room for inodes, too, and before a phase that would find none', async () => {
      machine.room = { ...machine.room, freeInodes: 0 };
      machine.prunable = 1;
      await run();
      expect(machine.calls.indexOf('pruneHistory')).toBeLessThan(machine.calls.lastIndexOf('pull'));
      expect(machine.wanted[0]?.inodes).toBeGreaterThan(0);
      expect(machine.wanted[0]?.bytes).toBe(0);
    });

    it('says of a full disk what its history holds, and what to type', async () => {
      machine.pulls = [{ ...goodPull, trouble: 'disk-full', shortage: 'blocks' }];
      machine.history = { entries: 12, since: new Date('2026-03-01T07:00:00Z'), bytes: 31e9 };
      const error = await failure();
      expect(error.message).toBe(
        'The backup disk is full; the mirror on it is incomplete. Its history holds 31 GB in 12 entries since ' +
          '2026-03-01; entries younger than 28 days stay (history.keep.atLeast).',
      );
      expect(error.todo).toContain('extbackup config set history.keep.atLeast 7d');
    });

    it('does not advise to give up a history that holds next to nothing', async () => {
      machine.pulls = [{ ...goodPull, trouble: 'disk-full', shortage: 'blocks' }];
      machine.history = { entries: 5, since: new Date('2026-03-01T07:00:00Z'), bytes: 13_300 };
      job = { ...job, record: { ...job.record, volumeBytes: 200e6 } };
      const error = await failure();
      expect(error.message).toContain('holds 13.3 kB in 5 entries since 2026-03-01: to remove it would not help.');
      expect(error.todo).toMatch(/^Use a larger disk/);
      expect(error.todo).not.toContain('history');
    });

    it('tells a disk that takes no more files from one without room', async () => {
      machine.pulls = [{ ...goodPull, trouble: 'disk-full', shortage: 'inodes' }];
      expect((await failure()).message).toContain('It takes no more files');
    });

    it('says that the disk is full when there is nothing to give up', async () => {
      machine.pulls = [{ ...goodPull, trouble: 'disk-full', shortage: 'blocks' }];
      expect(await failure()).toMatchObject({ code: 'EXB_DISK_FULL' });
    });
  });
});
