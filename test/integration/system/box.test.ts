import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canConfine, createConfinement, type View } from '../../../src/system/confine.ts';
import { CommandError, startProgram, type Command } from '../../../src/system/command.ts';

let root: string;
let top: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'extbackup-box-'));
  top = join(root, 'disk');
  for (const name of ['backups', 'work', 'history/old', '.extbackup'])
    await mkdir(join(top, name), { recursive: true });
  await writeFile(join(top, 'history/old/letter'), 'old');
  await writeFile(join(top, 'LABEL'), 'BACKUP_1');
});
afterEach(() => rm(root, { recursive: true }));

const view = (): View => ({ disk: { top, writable: ['backups', 'work'] } });

/** The end of a shell script in a box on the disk. */
async function endOf(script: string, seen: View = view(), more: Partial<Command> = {}) {
  const start = await createConfinement(startProgram).confine(startProgram, seen);
  try {
    return await start({ file: '/bin/sh', args: ['-c', `cd ${top} && ${script}`], timeoutMs: 30_000, ...more });
  } catch (error) {
    if (error instanceof CommandError) return { exitCode: error.exitCode, stdout: '', stderr: error.stderr };
    throw error;
  }
}

describe.runIf(process.getuid?.() === 0 && (await canConfine(startProgram)) === true)('a box', () => {
  it('lets files be written, and renamed between the directories for it', async () => {
    const { exitCode, stderr } = await endOf('echo new > backups/a && mv backups/a work/b && ln work/b backups/c');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(await readFile(join(top, 'work/b'), 'utf8')).toBe('new\n');
    expect((await stat(join(top, 'work/b'))).nlink).toBe(2); // no copy
  });

  it.each([
    ['writing', 'echo x > history/old/letter', /read-only/i],
    ['chmod', 'chmod 777 history/old/letter', /read-only/i],
    ['a link', 'ln history/old/letter backups/x', /cross-device/i],
    ['renaming', 'mv history other', /busy/i],
    ['removing', 'rm -f LABEL', /busy/i],
    ['a mount', 'umount history', /permission|superuser|permitted/i],
    ['a new namespace', 'unshare --mount true', /permitted/i],
    ['variables of the kernel', 'echo x > /proc/sys/kernel/domainname', /read-only/i],
    ['files of the station', 'cat /etc/shadow', /no such file/i],
    ['devices', 'mknod backups/d b 8 0 && cat backups/d', /permission denied/i],
  ])('stops %s', async (_name, script, message) => {
    const { exitCode, stderr } = await endOf(script);
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(message);
    expect(await readFile(join(top, 'history/old/letter'), 'utf8')).toBe('old');
  });

  it('keeps capabilities and attributes of root only', async () => {
    const { stderr, stdout } = await endOf(
      'touch backups/a && setfattr -n trusted.kept -v x backups/a && getfattr --only-values -n trusted.kept backups/a',
    );
    expect({ stderr, stdout }).toEqual({ stderr: '', stdout: 'x' });
  });

  it('reaches a socket that it needs, and none besides', async () => {
    const connect = `python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])'`;
    const server = createServer().listen(join(root, 'control'));
    await new Promise((resolve) => server.once('listening', resolve));
    await symlink('/etc/shadow', join(root, 'link'));
    try {
      const seen = { ...view(), readable: [join(root, 'control')] };
      expect((await endOf(`${connect} ${root}/control`, seen)).exitCode).toBe(0);
      expect((await endOf(`${connect} ${root}/control`)).stderr).toMatch(/No such file/);
      expect((await endOf(`ls ${root}/link`, seen)).stderr).toMatch(/No such file/);
    } finally {
      server.close();
    }
  });

  it('with the network of the machine reaches its servers, and none of its abstract sockets', async () => {
    const name = `extbackup-${String(process.pid)}`;
    // Not by Node.js, which pads the name with zeros.
    const listen = `import socket, time; one = socket.socket(socket.AF_UNIX); one.bind('\\0${name}'); one.listen(9); print('up', flush=True); time.sleep(60)`;
    const abstract = spawn('/usr/bin/python3', ['-c', listen], { stdio: ['ignore', 'pipe', 'inherit'] });
    const tcp = createServer().listen(0, '127.0.0.1');
    await Promise.all([once(abstract.stdout, 'data'), once(tcp, 'listening')]);
    const connect = (family: string, address: string): Command => ({
      file: '/usr/bin/python3',
      args: ['-c', `import socket; socket.socket(socket.${family}).connect(${address})`],
      timeoutMs: 30_000,
    });
    const { port } = tcp.address() as AddressInfo;
    const boxed = await createConfinement(startProgram).confine(startProgram, { hasNetwork: true });
    try {
      await startProgram(connect('AF_UNIX', `'\\0${name}'`)); // outside of the box it is there
      await boxed(connect('AF_INET', `('127.0.0.1', ${String(port)})`));
      await expect(boxed(connect('AF_UNIX', `'\\0${name}'`))).rejects.toMatchObject({
        stderr: expect.stringContaining('Address family not supported') as string,
      });
    } finally {
      abstract.kill();
      tcp.close();
    }
  });

  it('hands on files that are opened for its program', async () => {
    const file = await open(join(top, 'history/old/letter'));
    try {
      const { stdout } = await endOf('cat /proc/self/fd/3', view(), { descriptors: [file.fd] });
      expect(stdout).toBe('old');
    } finally {
      await file.close();
    }
  });

  it('passes exit codes on, and a signal is none', async () => {
    expect((await endOf('exit 23')).exitCode).toBe(23);
    expect((await endOf('kill -9 $$')).exitCode).toBeUndefined();
  });

  it('lets its program end in order on SIGTERM', async () => {
    const program = join(top, 'work/slow');
    await writeFile(
      program,
      `#!/bin/sh\ntrap 'echo ended > ${top}/backups/told; exit 20' TERM\n: > ${top}/backups/up\nwhile :; do sleep 0.05; done\n`,
    );
    await chmod(program, 0o755);
    const cancel = new AbortController();
    const ended = endOf(`exec ${program}`, view(), { signal: cancel.signal });
    while ((await stat(join(top, 'backups/up')).catch(() => undefined)) === undefined)
      await new Promise((resolve) => setTimeout(resolve, 20));
    const begun = performance.now();
    cancel.abort();
    await ended;
    expect(performance.now() - begun).toBeLessThan(3_000);
    expect(await readFile(join(top, 'backups/told'), 'utf8')).toBe('ended\n');
  });

  it('lets rsync end by itself on SIGTERM, with no program before it', async () => {
    const source = join(top, 'history/old');
    await writeFile(join(source, 'large'), Buffer.alloc(4_000_000, 1));
    const cancel = new AbortController();
    const start = await createConfinement(startProgram).confine(startProgram, view());
    const ended = start({
      ...{ file: '/usr/bin/rsync', args: ['-a', '--bwlimit=100', `${source}/`, join(top, 'backups')] },
      ...{ timeoutMs: 60_000, signal: cancel.signal },
    }).catch((error: unknown) => error);
    const unfinished = async () => (await readdir(join(top, 'backups'))).filter((name) => name.startsWith('.large'));
    while ((await unfinished()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const begun = performance.now();
    cancel.abort();
    expect(await ended).toMatchObject({ exitCode: 20 });
    expect(performance.now() - begun).toBeLessThan(3_000);
  });
});
