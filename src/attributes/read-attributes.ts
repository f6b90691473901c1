import { open, rm, type FileHandle } from 'node:fs/promises';
import type { Command, StartProgram } from '../system/command.ts';
import { attributeKinds } from '../history/history-entry.ts';
import { type AttributeFiles, type AttributeKind } from './attribute-files.ts';

/** A million files take seconds, or minutes on a disk that must seek for each. */
export const attributesTimeoutMs = 6 * 3_600_000;

const acls = ['--numeric', '--absolute-names', '--physical'];
const extended = ['--no-dereference', '--physical', '--absolute-names', '--dump', '--match=-', '--encoding=base64'];
const owners = ['-type', 'l', '-printf', '%U:%G\\0%p\\0'];

/** Starts a program in a directory. */
export const inDirectory = (directory: string, ...program: readonly string[]): Pick<Command, 'file' | 'args'> => ({
  file: '/usr/bin/env',
  args: [`--chdir=${directory}`, ...program],
});

/** xargs(1) ends with 123 when one of its programs failed, for example on a file that has vanished. */
export const someFailed = [1, 123];

const xargs = ['/usr/bin/xargs', '--null', '--no-run-if-empty'];

/** Names for a program's standard input. They cannot be arguments, because a name need not be UTF-8. */
export const namesFor = (paths: Iterable<string>): Buffer =>
  Buffer.from([...paths].map((path) => `${path === '.' ? path : `./${path}`}\0`).join(''), 'latin1');

/**
 * The command that prints attributes, as attribute-files.ts describes them.
 * @param directory that paths are below
 * @param paths as in an attribute block; undefined is the whole tree
 */
export function readingCommand(
  kind: AttributeKind,
  directory: string,
  paths?: Iterable<string>,
): Pick<Command, 'file' | 'args'> & { readonly stdin?: Buffer } {
  const program = {
    facl: ['/usr/bin/getfacl', ...acls],
    fattr: ['/usr/bin/getfattr', ...extended],
    links: ['/usr/bin/find', '-P'],
  }[kind];
  if (paths === undefined)
    return inDirectory(directory, ...program, ...(kind === 'links' ? ['.', ...owners] : ['--recursive', '--', '.']));
  const command =
    kind === 'links' ? [...program, '-files0-from', '-', '-maxdepth', '0', ...owners] : [...xargs, ...program, '--'];
  return { ...inDirectory(directory, ...command), stdin: namesFor(paths) };
}

/** Writes the attributes of a whole tree into new files, and returns when they are on the disk. */
export async function writeAll(
  start: StartProgram,
  directory: string,
  files: AttributeFiles,
  signal: AbortSignal,
): Promise<void> {
  for (const kind of attributeKinds) {
    await rm(files[kind], { force: true });
    await (await open(files[kind], 'wx', 0o600)).close();
    await appendTo(start, files[kind], readingCommand(kind, directory), signal);
  }
}

/** Adds the attributes of some paths to files that are there; see {@link writeAll}. */
export async function addSome(
  start: StartProgram,
  directory: string,
  files: AttributeFiles,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (paths.length === 0) return;
  for (const kind of attributeKinds) await appendTo(start, files[kind], readingCommand(kind, directory, paths), signal);
}

async function appendTo(
  start: StartProgram,
  stdoutFile: string,
  command: ReturnType<typeof readingCommand>,
  signal: AbortSignal,
): Promise<void> {
  await start({
    ...command,
    timeoutMs: attributesTimeoutMs,
    stdoutFile,
    onStdout: () => undefined,
    accept: someFailed,
    signal,
    ownGroup: true, // xargs starts further programs
  });
  const handle = await open(stdoutFile, 'r');
  try {
    await handle.sync();
    if (!(await isWhole(handle))) throw Object.assign(new Error('not all was written'), { code: 'ENOSPC' });
  } finally {
    await handle.close();
  }
}

/** Whether the last block is complete: getfacl(1) does not report a full disk. */
async function isWhole(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return true;
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, Math.max(0, size - 2));
  return buffer[bytesRead - 1] === 0 || buffer.toString('latin1', 0, bytesRead) === '\n\n';
}
