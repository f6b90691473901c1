import { readdir, readFile } from 'node:fs/promises';

/** An rsync process and its work so far; see proc_pid_stat(5) and proc_pid_io(5). */
export interface RsyncProcess {
  readonly pid: string;
  readonly parent: string;
  /** Bytes read and written, by system call and from disks. */
  readonly moved: number;
  /** Bytes read by system call: what came from the server, and old versions of changed files. */
  readonly read: number;
  /** Bytes written to a disk; bytes written to pipes, such as the file list, do not count. */
  readonly written: number;
  /** Processor time in clock ticks. */
  readonly ticks: number;
}

/** All rsyncs of a process group. Only rsync counts: ssh and its proxies exchange their own keep-alives. */
export async function rsyncsOf(group: number): Promise<RsyncProcess[]> {
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(all.map((pid) => rsyncAt(pid, group)));
  return found.filter((one) => one !== undefined);
}

/** The process with this id; undefined when it is no rsync of the group. */
export async function rsyncAt(pid: string, group: number): Promise<RsyncProcess | undefined> {
  const [, name, rest = ''] = /^\d+ \((.*)\) (.*)/s.exec(await readOrNothing(`/proc/${pid}/stat`)) ?? [];
  const fields = rest.split(' '); // fields from the third on
  if (name !== 'rsync' || fields[2] !== String(group)) return undefined;
  const counts = new Map(
    [...(await readOrNothing(`/proc/${pid}/io`)).matchAll(/^(\w+): (\d+)$/gm)].map(([, key = '', count]) => [
      key,
      Number(count),
    ]),
  );
  const of = (key: string): number => counts.get(key) ?? 0;
  return {
    pid,
    parent: fields[1] ?? '',
    moved: of('rchar') + of('wchar') + of('read_bytes'),
    read: of('rchar'),
    written: of('write_bytes'),
    ticks: Number(fields[11]) + Number(fields[12]),
  };
}

/** Number of SIGVTALRM, as a bit of the masks in proc_pid_status(5). */
const vtalrm = 1n << 25n;

/** Whether it is the receiving process, forked by the one that we started, which answers SIGVTALRM. */
export async function isReceiver({ pid, parent }: RsyncProcess, all: readonly RsyncProcess[]): Promise<boolean> {
  if (all.every((other) => other.pid !== parent)) return false;
  if ((await readOrNothing(`/proc/${pid}/cmdline`)).split('\0').includes('--server')) return false;
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(await readOrNothing(`/proc/${pid}/status`))?.[1] ?? '0';
  return (BigInt(`0x${caught}`) & vtalrm) !== 0n;
}

async function readOrNothing(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return ''; // it has just ended
  }
}
