import { existsSync } from 'node:fs';
import { CommandError, type StartProgram } from './command.ts';

/**
 * Returns a `run` whose programs see only the system's files and one directory, in which they may do everything except
 * start programs.
 */
export type Confine = (start: StartProgram, directory: string) => Promise<StartProgram>;

const setpriv = '/usr/bin/setpriv';

/** The parts of the system that a program needs: itself and its libraries, user names, and /dev/null. */
const system = [
  ['execute,read-file,read-dir', '/usr'],
  ...[
    '/etc/ld.so.cache',
    '/etc/passwd',
    '/etc/group',
    '/etc/nsswitch.conf',
    '/etc/localtime',
    '/etc/ssl/openssl.cnf',
  ].map((file) => ['read-file', file] as const),
  ['read-file,write-file', '/dev/null'],
  ['read-file', '/dev/urandom'],
] as const;

const everythingButPrograms =
  'write-file,read-file,read-dir,remove-dir,remove-file,make-char,make-dir,make-reg,make-sock,make-fifo,make-block,make-sym,refer,truncate';

/** Arguments of setpriv(1), before the program. @param directory undefined is none */
function confinementArgs(directory?: string): string[] {
  const rules = [
    ...system.filter(([, path]) => existsSync(path)),
    ...(directory === undefined ? [] : [[everythingButPrograms, directory] as const]),
  ];
  return [
    '--no-new-privs',
    '--landlock-access',
    'fs',
    ...rules.flatMap(([access, path]) => ['--landlock-rule', `path-beneath:${access}:${path}`]),
    '--',
  ];
}

/** Whether the kernel has Landlock, and setpriv(1) can ask it; the one of Debian 12 cannot. undefined when it did not answer in time. */
export async function canConfine(start: StartProgram): Promise<boolean | undefined> {
  try {
    await start({ file: setpriv, args: [...confinementArgs(), '/usr/bin/true'], timeoutMs: 20_000 });
    return true;
  } catch (error) {
    if (error instanceof CommandError) return error.timedOut ? undefined : false;
    throw error;
  }
}

/**
 * Confinement by Landlock; see landlock(7). A server that finds a way to make rsync write where it should not gets
 * nowhere but to the disk: neither to the keys in RAM nor to the registry, the raw devices or the station's own disk.
 * Where that is not possible, programs run as they are; `extbackup doctor` tells.
 */
export function createConfinement(start: StartProgram): Confine {
  let known: boolean | undefined; // what did not answer is asked again the next time
  return async (inner, directory) => {
    known ??= await canConfine(start);
    if (known !== true) return inner;
    return (command) =>
      inner({ ...command, file: setpriv, args: [...confinementArgs(directory), command.file, ...command.args] });
  };
}
