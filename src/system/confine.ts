import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError, type Command, type StartProgram } from './command.ts';
import { syscallFilter } from './syscall-filter.ts';

/** The files that programs in a box see besides the system's programs and libraries. */
export interface View {
  /** An opened disk. */
  readonly disk?: {
    /** Mount point. */
    readonly top: string;
    /** Directories at its top that can be written to; files can be renamed between them. All else is read-only. */
    readonly writable: readonly string[];
  };
  /** Files and directories that can be read; a socket in one of them can be connected to. */
  readonly readable?: readonly string[];
  /** The network of the machine, for ssh without extbackup-link@.service. */
  readonly hasNetwork?: boolean;
}

/** Returns a `start` whose programs run in a box. */
export type Confine = (start: StartProgram, view: View) => Promise<StartProgram>;

/** A box, and whether it works here. */
export interface Confinement {
  readonly confine: Confine;
  /** undefined when there was no answer in time. */
  readonly works: () => Promise<boolean | undefined>;
}

const bwrap = '/usr/bin/bwrap';
const rsync = '/usr/bin/rsync';
const heedingTerm = ['/usr/bin/env', '--default-signal=TERM'];

/** User names, languages of messages, the time zone. */
const settings = [
  '/etc/ld.so.cache',
  '/etc/passwd',
  '/etc/group',
  '/etc/nsswitch.conf',
  '/etc/localtime',
  '/etc/ssl/openssl.cnf',
];
const forNames = ['/etc/resolv.conf', '/etc/hosts', '/etc/gai.conf', '/etc/services'];

/** For the owners, modes, capabilities and device nodes that rsync writes to the mirror. */
const capabilities = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'SETFCAP', 'MKNOD'];

const readOnly = (path: string): string[] => ['--ro-bind', path, path];

/** With merged /usr, the other directories of programs are links into it. */
const systemArgs = (): string[] => [
  ...readOnly('/usr'),
  ...['/bin', '/sbin', '/lib', '/lib64'].flatMap((path) => {
    if (!existsSync(path)) return [];
    return lstatSync(path).isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : readOnly(path);
  }),
  // Read-only: root can set kernel variables in /proc/sys without any capability.
  ...['--proc', '/proc', '--remount-ro', '/proc'],
  ...['--dev-bind', '/dev/null', '/dev/null'],
];

/**
 * All writable directories are in one mount, because rename(2) does not cross mounts. Each other entry at the top of the
 * disk is covered by a read-only mount of itself, so it can be neither changed, renamed nor removed.
 */
async function diskArgs({ top, writable }: NonNullable<View['disk']>): Promise<string[]> {
  const covers: string[] = [];
  for (const name of await readdir(top)) {
    if (writable.includes(name)) continue;
    const stats = await lstat(join(top, name));
    if (stats.isDirectory() || stats.isFile()) covers.push(...readOnly(join(top, name)));
  }
  return ['--bind', top, top, ...covers];
}

/**
 * The arguments before the program. env(1) lets the box ignore SIGTERM: the program ends first, and the box with it. A
 * second env(1) ends that for the program; rsync has a handler of its own, which needs none.
 */
async function boxArgs(view: View, filterAt: number): Promise<{ readonly args: string[]; readonly filter?: Buffer }> {
  const { disk, readable = [], hasNetwork = false } = view;
  const filter = syscallFilter(hasNetwork);
  // Extended attributes named trusted.* need CAP_SYS_ADMIN, which would open the box without the filter.
  const all = disk && filter ? [...capabilities, 'SYS_ADMIN'] : capabilities;
  const seen = [...settings, ...(hasNetwork ? forNames : []), ...readable].filter((path) => existsSync(path));
  const args = [
    '--ignore-signal=TERM',
    // Not by bwrap, which would need another capability to give the loopback device an address.
    ...(hasNetwork ? [] : ['/usr/bin/unshare', '--net', '--']),
    bwrap,
    ...['--unshare-pid', '--die-with-parent'],
    ...systemArgs(),
    ...seen.flatMap(readOnly),
    ...(disk ? await diskArgs(disk) : []),
    ...['--remount-ro', '/', '--chdir', '/', '--cap-drop', 'ALL'],
    ...all.flatMap((name) => ['--cap-add', `CAP_${name}`]),
    ...(filter ? ['--seccomp', String(filterAt)] : []),
    '--',
  ];
  return { args, ...(filter && { filter }) };
}

async function inBox(command: Command, view: View): Promise<Command> {
  const afterAll = 3 + (command.descriptors?.length ?? 0);
  const { args, filter } = await boxArgs(view, afterAll);
  return {
    ...command,
    file: '/usr/bin/env',
    args: [...args, ...(command.file === rsync ? [] : heedingTerm), command.file, ...command.args],
    ownGroup: true,
    isBoxed: true,
    ...(filter && { extra: filter }),
  };
}

/** Exit codes of bwrap for a program that was ended by a signal. */
const wasSignalled = (code: number | undefined): boolean => code !== undefined && code > 128 && code < 193;

/** bwrap turns the signal that ended a program into an exit code; this turns it back. */
async function run(start: StartProgram, command: Command): ReturnType<StartProgram> {
  try {
    return await start(command);
  } catch (error) {
    if (!(error instanceof CommandError) || !wasSignalled(error.exitCode)) throw error;
    const { file, exitCode = 0, stderr, timedOut, stillRuns } = error;
    const ending = `was ended by signal ${exitCode - 128}`;
    throw new CommandError(file, command.args, ending, undefined, stderr, timedOut, stillRuns);
  }
}

/** Whether bwrap(1) is installed, and works in this kernel and unit. undefined when it did not answer in time. */
export async function canConfine(start: StartProgram): Promise<boolean | undefined> {
  try {
    await start(await inBox({ file: '/usr/bin/true', args: [], timeoutMs: 20_000 }, {}));
    return true;
  } catch (error) {
    if (error instanceof CommandError) return error.timedOut ? undefined : false;
    throw error;
  }
}

/**
 * Boxes made by bwrap(1). A server that takes over rsync reaches only the copy on the disk: not the keys in RAM, the
 * registry, the raw devices, other processes and their sockets, nor the history of earlier runs. Without bwrap,
 * programs run outside of a box, and the run warns.
 */
export function createConfinement(start: StartProgram): Confinement {
  let known: boolean | undefined; // stays undefined after a timeout, so bwrap is tried again the next time
  const works = async (): Promise<boolean | undefined> => (known ??= await canConfine(start));
  return {
    works,
    confine: async (inner, view) => {
      if ((await works()) !== true) return inner;
      return async (command) => run(inner, await inBox(command, view));
    },
  };
}
