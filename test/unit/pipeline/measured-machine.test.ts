import { describe, expect, it } from 'vitest';
import { measuredMachine } from '../../../src/pipeline/measured-machine.ts';
import type { Machine } from '../../../src/pipeline/machine.ts';
import type { VolumeState } from '../../../src/disk/volume-state.ts';
import { CommandError } from '../../../src/system/command.ts';

const well: VolumeState = { bytes: 1_000_000, readOnly: false, errors: 3 };
const signal = new AbortController().signal;
const luks = {} as never;

/** A machine of which each step does what it is told, and a disk as the kernel shows it, one look after the other. */
function machineWith(steps: Partial<Machine>, looks: readonly (VolumeState | undefined)[] = [well]): Machine {
  let at = 0;
  const record = { label: 'BACKUP_1', capacityBytes: 900_000, volumeBytes: 1_000_000 };
  return measuredMachine(steps as Machine, {
    record,
    device: '/dev/sda1',
    read: () => Promise.resolve(looks[Math.min(at++, looks.length - 1)]),
  });
}

const systemError = (code: string): Error => Object.assign(new Error(code), { code });

const steps = {
  luksUuid: (machine: Machine) => machine.luksUuid('/dev/sda1', signal),
  open: (machine: Machine) => machine.open({ device: '/dev/sda1', name: 'x', called: 'BACKUP_1' }, signal),
  filesystemType: (machine: Machine) => machine.filesystemType('x'),
  check: (machine: Machine) => machine.check('x', 'ext4', signal),
  readInside: (machine: Machine) => machine.readInside('LABEL'),
  writeInside: (machine: Machine) => machine.writeInside('LABEL', ''),
  flush: (machine: Machine) => machine.flush(signal),
  stamp: (machine: Machine) => machine.stamp(new Date()),
  newHistory: (machine: Machine) => machine.newHistory(),
} as const;

describe('a dying disk', () => {
  const causes = [
    systemError('EIO'),
    systemError('EROFS'),
    systemError('ENOENT'),
    systemError('Unknown system error -117'),
    new CommandError('/usr/sbin/blkid', [], 'ended with exit code 4', 4, ''),
    new CommandError('/usr/bin/sync', [], 'took too long', undefined, '', true),
    new CommandError('/usr/bin/sync', [], 'does not end, not even when killed', undefined, '', true, true),
  ];
  for (const [name, step] of Object.entries(steps))
    it(`is a disk error at ${name}, whatever says so`, async () => {
      for (const cause of causes) {
        const machine = machineWith({ [name]: () => Promise.reject(cause) });
        await expect(step(machine)).rejects.toMatchObject({ code: 'EXB_DISK_ERROR', exitCode: 13, cause });
      }
      const gone = machineWith({ [name]: () => Promise.reject(systemError('ENXIO')) }, [undefined]);
      await expect(step(gone)).rejects.toMatchObject({ code: 'EXB_DISK_GONE' });
    });

  it('is no reason to repair its file system', async () => {
    const failing = { ...well, errors: 4 };
    const broken = machineWith({ check: () => Promise.resolve('needs-a-person') }, [well, failing]);
    await expect(steps.check(broken)).rejects.toMatchObject({ code: 'EXB_DISK_ERROR' });
    const damaged = machineWith({ check: () => Promise.resolve('needs-a-person') });
    expect(await steps.check(damaged)).toBe('needs-a-person');
    const unreadable = machineWith({ filesystemType: () => Promise.resolve(undefined) }, [well, failing]);
    await expect(steps.filesystemType(unreadable)).rejects.toMatchObject({ code: 'EXB_DISK_ERROR' });
  });
});

describe('what is no fault of the disk', () => {
  it('is said to be the machine', async () => {
    const notStarted = new CommandError('/usr/bin/sync', [], 'could not be started (ENOMEM)', undefined, '');
    for (const cause of [notStarted, systemError('EMFILE')])
      await expect(steps.flush(machineWith({ flush: () => Promise.reject(cause) }))).rejects.toMatchObject({
        code: 'EXB_STATION',
      });
  });

  it('stays a bug when it is one', async () => {
    const bug = new TypeError('x is not a function');
    await expect(steps.flush(machineWith({ flush: () => Promise.reject(bug) }))).rejects.toBe(bug);
  });
});

describe('a disk before LUKS is opened', () => {
  const opening = { open: () => Promise.resolve({ outcome: 'opened' as const, luks }) };
  it.each([
    ['read-only', { ...well, readOnly: true }, 'EXB_DISK_READ_ONLY'],
    ['smaller than it was', { ...well, bytes: 999_999 }, 'EXB_DISK_SMALLER'],
  ])('that is %s is not opened', async (_what, state, code) => {
    let opened = 0;
    const machine = machineWith(
      {
        open: () => {
          opened += 1;
          return opening.open();
        },
      },
      [state],
    );
    await expect(steps.open(machine)).rejects.toMatchObject({ code });
    expect(opened).toBe(0);
  });

  it('is opened when it is as it was', async () => {
    expect(await steps.open(machineWith(opening))).toEqual({ outcome: 'opened', luks });
  });
});
