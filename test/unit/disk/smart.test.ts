import { describe, expect, it } from 'vitest';
import { parseSmart } from '../../../src/disk/smart.ts';

/** What `smartctl --json` of version 7 prints for a SATA disk, cut down to what a program may rely on. */
const sata = (differences: {
  exitStatus?: number;
  passed?: boolean;
  raw?: Readonly<Record<number, number>>;
  selfTest?: object;
}): string =>
  JSON.stringify({
    json_format_version: [1, 0],
    smartctl: {
      version: [7, 4],
      argv: ['smartctl', '--json=c', '--health', '/dev/sda'],
      exit_status: differences.exitStatus ?? 0,
    },
    device: { name: '/dev/sda', info_name: '/dev/sda [SAT]', type: 'sat', protocol: 'ATA' },
    smart_status: { passed: differences.passed ?? true },
    ata_smart_attributes: {
      revision: 16,
      table: [1, 5, 9, 197, 198].map((id) => ({
        id,
        name: 'x',
        value: 200,
        worst: 200,
        thresh: 140,
        when_failed: '',
        raw: { value: differences.raw?.[id] ?? 0, string: '0' },
      })),
    },
    ata_smart_self_test_log: {
      standard: { revision: 1, ...(differences.selfTest ? { table: [differences.selfTest], count: 1 } : { count: 0 }) },
    },
    temperature: { current: 31 },
  });

describe('what SMART says', () => {
  it('is healthy', () => {
    expect(parseSmart(sata({ raw: { 9: 12_345, 1: 3 } }))).toEqual({ state: 'passed', remarks: [] });
  });

  it('is failing when the disk says so, in either way', () => {
    expect(parseSmart(sata({ passed: false, exitStatus: 8 }))?.state).toBe('failing');
    expect(parseSmart(sata({ exitStatus: 8 }))?.state).toBe('failing');
    expect(parseSmart(sata({ exitStatus: 8 + 16 }))).toEqual({
      state: 'failing',
      remarks: ['a value is below its threshold'],
    });
  });

  it('is a warning where places cannot be read, a value is too low, or the last self-test failed', () => {
    expect(parseSmart(sata({ raw: { 5: 1, 197: 8 } }))).toEqual({
      state: 'warning',
      remarks: ['1 reallocated sector', '8 pending sectors'],
    });
    expect(parseSmart(sata({ exitStatus: 16 }))?.state).toBe('warning');
    const failed = {
      type: { value: 1, string: 'Short offline' },
      status: { value: 116, string: 'Completed: read failure', remaining_percent: 40, passed: false },
      lifetime_hours: 100,
      lba: 4711,
    };
    expect(parseSmart(sata({ exitStatus: 128, selfTest: failed }))).toEqual({
      state: 'warning',
      remarks: ['its last self-test failed'],
    });
    expect(
      parseSmart(
        sata({ selfTest: { ...failed, status: { value: 0, string: 'Completed without error', passed: true } } }),
      )?.state,
    ).toBe('passed');
  });

  it('is nothing of the past: old errors in the log, a value that was too low once, a self-test before the last one', () => {
    expect(parseSmart(sata({ exitStatus: 32 + 64 + 128 }))?.state).toBe('passed');
  });

  it('is unknown when the bridge lets nothing through, whatever smartctl ends with', () => {
    const mute = {
      json_format_version: [1, 0],
      smartctl: {
        version: [7, 3],
        messages: [{ string: '/dev/sda: Unknown USB bridge [0x46f4:0x0001 (0x000)]', severity: 'error' }],
        exit_status: 1,
      },
    };
    expect(parseSmart(JSON.stringify(mute))).toBeUndefined();
    expect(
      parseSmart(JSON.stringify({ ...mute, smartctl: { exit_status: 2 }, smart_status: { passed: true } })),
    ).toBeUndefined();
    expect(parseSmart(JSON.stringify({ smartctl: { exit_status: 4 }, device: { protocol: 'SCSI' } }))).toBeUndefined(); // a stick without SMART
    expect(parseSmart('')).toBeUndefined();
    expect(parseSmart('smartctl: not found')).toBeUndefined();
  });

  it('is read of NVMe disks, too', () => {
    const nvme = (log: object, result = 0): string =>
      JSON.stringify({
        smartctl: { exit_status: 0 },
        device: { type: 'sntrealtek', protocol: 'NVMe' },
        smart_status: { passed: true, nvme: { value: 0 } },
        nvme_smart_health_information_log: { critical_warning: 0, media_errors: 0, percentage_used: 3, ...log },
        nvme_self_test_log: {
          table: [{ self_test_code: { value: 1 }, self_test_result: { value: result }, power_on_hours: 3 }],
        },
      });
    expect(parseSmart(nvme({}))?.state).toBe('passed');
    expect(parseSmart(nvme({ media_errors: 2, percentage_used: 104 }))?.remarks).toEqual([
      '2 media errors',
      'worn out',
    ]);
    expect(parseSmart(nvme({}, 7))?.remarks).toEqual(['its last self-test failed']);
    expect(parseSmart(nvme({}, 1))?.state).toBe('passed'); // ended by a person
  });
});
