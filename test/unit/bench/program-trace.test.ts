import { describe, expect, test } from 'vitest';
import { parseAccounts } from '../../lab/cost/accounts.ts';
import { countPrograms, parseResidents, parseTrace, sumOf } from '../../lab/cost/program-trace.ts';

const residents = parseResidents(`1 0::/init.scope
200 0::/system.slice/systemd-udevd.service/udev
300 0::/system.slice/extbackup.service
400 0::/user.slice`);

const line = (at: number, what: string, facts: string): string =>
  `            node-300     [000] .....   ${at.toFixed(6)}: sched_process_${what}: ${facts}`;
const fork = (parent: number, child: number): string =>
  line(0, 'fork', `comm=(some one) pid=${String(parent)} child_comm=(some one) child_pid=${String(child)}`);
const exec = (pid: number, program: string, at = 1): string =>
  line(at, 'exec', `filename=${program} pid=${String(pid)} old_pid=${String(pid)}`);

describe('a trace of program starts', () => {
  const trace = parseTrace(
    [
      ...[fork(300, 301), exec(301, '/usr/bin/env'), exec(301, '/usr/bin/rsync', 2), fork(301, 302)],
      ...[exec(302, '/usr/bin/ssh', 3), line(5, 'exit', 'comm=rsync pid=301 prio=120')],
      ...[fork(1, 303), exec(303, '/usr/bin/ssh'), fork(200, 304), exec(304, '/usr/bin/touch')],
      ...[fork(400, 305), exec(305, '/bin/sh')],
    ].join('\n'),
    residents,
  );

  test('names who started each program, also through others', () => {
    expect(countPrograms(trace, 'agent')).toEqual({ '/usr/bin/env': 1, '/usr/bin/rsync': 1, '/usr/bin/ssh': 1 });
    expect(countPrograms(trace, 'units')).toEqual({ '/usr/bin/ssh': 1 });
    expect(countPrograms(trace, 'udev')).toEqual({ '/usr/bin/touch': 1 });
    expect(countPrograms(trace, 'agent', 'units')['/usr/bin/ssh']).toBe(2);
    expect(sumOf(countPrograms(trace, 'agent', 'units', 'udev', 'others'))).toBe(6);
  });

  test('counts a process once, however many programs it was', () => {
    expect(trace.processes).toEqual({ agent: 2, units: 1, udev: 1, others: 1 });
  });

  test('measures from the start of a program to the end of its process', () => {
    expect(trace.programs.map(({ tookS }) => tookS)).toEqual([4, 3, undefined, undefined, undefined, undefined]);
  });
});

describe('process accounting', () => {
  const record = (pid: number, name: string, [user, system]: readonly [number, number], version = 3): Buffer => {
    const bytes = Buffer.alloc(64);
    bytes.writeUInt8(version, 1);
    bytes.writeUInt32LE(pid, 16);
    bytes.writeUInt16LE(user, 32);
    bytes.writeUInt16LE(system, 34);
    bytes.write(name, 48);
    return bytes;
  };

  test('has a name and the processor time of each process', () => {
    const accounts = parseAccounts(
      Buffer.concat([record(7, 'rsync', [150, 50]), record(8, 'sh', [(1 << 13) | 100, 0])]),
    );
    expect(accounts).toEqual([
      { pid: 7, name: 'rsync', cpuSeconds: 2 },
      { pid: 8, name: 'sh', cpuSeconds: 8 },
    ]);
  });

  test('is not read in another layout', () => {
    expect(() => parseAccounts(record(7, 'rsync', [1, 1], 2))).toThrow('version 3');
  });
});
