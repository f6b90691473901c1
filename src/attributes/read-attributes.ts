import { constants } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import type { Command, StartProgram } from '../system/command.ts';
import { attributeKinds } from '../history/history-entry.ts';
import { readBlocks, renderBlock, type AttributeFiles, type AttributeKind } from './attribute-files.ts';
import { withOpenedFiles, type OpenedFiles } from './opened-files.ts';

/** A million files take seconds, or minutes on a disk that must seek for each. */
export const attributesTimeoutMs = 6 * 3_600_000;

const acls = ['--numeric', '--absolute-names'];
const extended = ['--absolute-names', '--dump', '--match=-', '--encoding=base64'];
const owners = ['-type', 'l', '-printf', '%U:%G\\0%p\\0'];

/** Starts a program in a directory. */
export const inDirectory = (directory: string, ...program: readonly string[]): Pick<Command, 'file' | 'args'> => ({
  file: '/usr/bin/env',
  args: [`--chdir=${directory}`, ...program],
});

/** The programs end with 1 when one file failed, for example because it has vanished. */
export const someFailed = [1];

/** Paths for a program's standard input. */
const namesFor = (paths: Iterable<string>): Buffer =>
  Buffer.from([...paths].map((path) => `${path === '.' ? path : `./${path}`}\0`).join(''), 'latin1');

/** The command that prints attributes of a whole tree, as attribute-files.ts describes them. */
function readingTree(kind: AttributeKind, directory: string): Pick<Command, 'file' | 'args'> {
  if (kind === 'links') return inDirectory(directory, '/usr/bin/find', '-P', '.', ...owners);
  const tree = ['--physical', '--recursive', '--', '.'];
  return inDirectory(
    directory,
    ...(kind === 'facl' ? ['/usr/bin/getfacl', ...acls] : ['/usr/bin/getfattr', '--no-dereference', ...extended]),
    ...tree,
  );
}

/** The same for opened files; it calls them as {@link OpenedFiles} does. */
export const readingOpened = (
  kind: 'facl' | 'fattr',
  { names, descriptors }: OpenedFiles,
): Pick<Command, 'file' | 'args' | 'descriptors'> => ({
  ...(kind === 'facl'
    ? { file: '/usr/bin/getfacl', args: [...acls, '--', ...names] }
    : { file: '/usr/bin/getfattr', args: [...extended, '--', ...names] }),
  descriptors,
});

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
    await appendTo(start, files[kind], readingTree(kind, directory), signal);
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
  for (const kind of ['facl', 'fattr'] as const)
    await withOpenedFiles(directory, paths, (opened) => addOpened(start, kind, files[kind], opened, signal));
  const links = inDirectory(directory, '/usr/bin/find', '-P', '-files0-from', '-', '-maxdepth', '0', ...owners);
  await appendTo(start, files.links, { ...links, stdin: namesFor(paths) }, signal);
}

/** Reads into a file of its own first, in which the program's names are replaced. */
async function addOpened(
  start: StartProgram,
  kind: 'facl' | 'fattr',
  file: string,
  opened: OpenedFiles,
  signal: AbortSignal,
): Promise<void> {
  const part = `${file}.part`;
  await rm(part, { force: true });
  await (await open(part, 'wx', 0o600)).close();
  await appendTo(start, part, readingOpened(kind, opened), signal);
  const handle = await open(file, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW);
  try {
    for await (const blocks of readBlocks(part, kind)) {
      const named = blocks.flatMap(({ path, body }) => {
        const own = opened.pathOf(path);
        return own === undefined ? [] : [renderBlock(kind, { path: own, body: body.trimEnd() })];
      });
      await handle.writeFile(Buffer.from(named.join(''), 'latin1'));
    }
    await handle.sync();
  } finally {
    await handle.close();
    await rm(part, { force: true });
  }
}

async function appendTo(
  start: StartProgram,
  stdoutFile: string,
  command: Pick<Command, 'file' | 'args' | 'stdin' | 'descriptors'>,
  signal: AbortSignal,
): Promise<void> {
  await start({
    ...command,
    timeoutMs: attributesTimeoutMs,
    stdoutFile,
    onStdout: () => undefined,
    accept: someFailed,
    signal,
  });
  const handle = await open(stdoutFile, 'r');
  try {
    await handle.sync();
    if (!(await isWhole(handle))) throw Object.assign(new Error('the file is incomplete'), { code: 'ENOSPC' });
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
