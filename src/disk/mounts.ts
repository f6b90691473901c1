import { readFile } from 'node:fs/promises';
import { readIfThere } from '../system/atomic-file.ts';
import { CommandError, type StartProgram } from '../system/command.ts';

/** One line of /proc/PID/mountinfo, as proc_pid_mountinfo(5) describes it. */
export interface Mount {
  readonly mountpoint: string;
  /** Major and minor number of the device, for example 254:0. */
  readonly device: string;
  readonly fstype: string;
  readonly source: string;
  /** Options of this mount, for example nodev. */
  readonly options: readonly string[];
}

/** Mounts that a process sees, in the order of mounting; the last one at a mount point is the visible one. */
export async function listMounts(pid: number | 'self' = 'self'): Promise<Mount[]> {
  return parseMountinfo(await readFile(`/proc/${pid}/mountinfo`, 'utf8'));
}

/** Parses mountinfo; lines of another shape are left out. */
export function parseMountinfo(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [left, right] = line.split(' - ');
    const before = left?.split(' ') ?? [];
    const after = right?.split(' ') ?? [];
    const [device = '', mountpoint, options] = [before[2], before[4], before[5]];
    const [fstype, source] = after;
    if (mountpoint === undefined || options === undefined || fstype === undefined || source === undefined) return [];
    return [
      { mountpoint: unescape(mountpoint), device, fstype, source: unescape(source), options: options.split(',') },
    ];
  });
}

/** Space, tab, newline and backslash are written as octal. */
const unescape = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** The visible mount at a directory, if there is one. */
export async function mountAt(directory: string): Promise<Mount | undefined> {
  return (await listMounts()).findLast(({ mountpoint }) => mountpoint === directory);
}

/**
 * Whether this process has a mount namespace of its own, so that no other process sees its mounts. No two namespaces
 * share the number of a mount; if the first process is hidden, as from the agent, the line of `/` shows that it only
 * receives mounts from another namespace.
 * @see mount_namespaces(7), proc_pid_mountinfo(5)
 */
export async function hasPrivateMounts(): Promise<boolean> {
  const [ours, first] = await Promise.all(['self', '1'].map((pid) => readIfThere(`/proc/${pid}/mountinfo`)));
  return isOwnNamespace(ours ?? '', first);
}

/** @param first mountinfo of the first process; undefined when it is hidden */
export function isOwnNamespace(ours: string, first: string | undefined): boolean {
  const root = rootMount(ours);
  return first === undefined ? / master:\d+ /.test(root) : numberOf(root) !== numberOf(rootMount(first));
}

/** The line of the mount at `/`, up to the hyphen. */
const rootMount = (mountinfo: string): string => /^\d+ \d+ \S+ \S+ \/ .*? - /m.exec(mountinfo)?.[0] ?? '';

const numberOf = (line: string): string | undefined => line.split(' ')[0];

/** Options that make backed-up device nodes, setuid files and programs harmless; see mount(8). */
export const safeOptions = 'nodev,nosuid,noexec,noatime';

/** Mounts a device; throws CommandError. */
export async function mountDevice(
  start: StartProgram,
  device: string,
  directory: string,
  fstype: string,
  options: string,
  signal?: AbortSignal,
): Promise<void> {
  await start({
    file: '/usr/bin/mount',
    args: ['--types', fstype, '--options', options, '--source', device, '--target', directory],
    timeoutMs: 120_000, // a journal replay on a slow disk
    ...(signal && { signal }),
  });
}

/**
 * Makes sure that nothing is mounted at `directory`. Retries while a just-ended process still holds it.
 * Never lazy: a lazy unmount only hides the name while writers go on.
 * @throws CommandError when it is still busy after `patienceMs`
 */
export async function ensureUnmounted(start: StartProgram, directory: string, patienceMs = 20_000): Promise<void> {
  const until = performance.now() + patienceMs;
  while ((await mountAt(directory)) !== undefined) {
    try {
      await start({ file: '/usr/bin/umount', args: [directory], timeoutMs: 30 * 60_000 }); // it writes out all cached data
    } catch (error) {
      if (!(error instanceof CommandError) || performance.now() > until || (await mountAt(directory)) === undefined) {
        if ((await mountAt(directory)) === undefined) return;
        throw error;
      }
      await backOff();
    }
  }
}

/** The pause between two checks of a resource that the kernel or udev still holds. */
export function backOff(ms = 100): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
