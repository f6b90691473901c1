import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compareSample } from '../../../src/commands/drill-server.ts';
import { configSchema } from '../../../src/config/schema.ts';
import type { OpenedDisk } from '../../../src/opening/with-disk.ts';
import type { DrillFile } from '../../../src/restore/drill-sample.ts';
import { startProgram } from '../../../src/system/command.ts';
import { defaultPaths } from '../../../src/system/paths.ts';
import type { CliContext } from '../../../src/terminal/cli-context.ts';
import { aRecord } from '../../unit/disk/devices.ts';
import { startSshd, type RealSshd } from '../rsync/real-sshd.ts';

/** The sample of a drill beside a real server: ssh, the forced command, and rsync in its box with a network. */
let room: string;
let sshd: RealSshd;

beforeAll(async () => {
  room = await mkdtemp(join(tmpdir(), 'extbackup-drill-'));
  await chmod(room, 0o755);
  await mkdir(join(room, 'server/docs'), { recursive: true });
  for (const name of ['same', 'differs', 'changed', 'gone']) await writeFile(join(room, 'server/docs', name), name);
  await mkdir(join(room, 'disk'));
  await mkdir(join(room, 'run'));
  await promisify(execFile)('/usr/bin/cp', ['-a', join(room, 'server'), join(room, 'disk/backups')]);
  await rm(join(room, 'server/docs/gone'));
  await writeFile(join(room, 'server/docs/changed'), 'another size');
  const { atime, mtime } = await stat(join(room, 'disk/backups/docs/differs'));
  await writeFile(join(room, 'server/docs/differs'), 'dIffers');
  for (const side of ['disk/backups', 'server']) await utimes(join(room, side, 'docs/differs'), atime, mtime);
  sshd = await startSshd();
  sshd.allow(`/usr/bin/rrsync -ro ${join(room, 'server')}`);
  await writeFile(join(room, 'known_hosts'), `[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n`);
});
afterAll(async () => {
  sshd.stop();
  await rm(room, { recursive: true });
});

it.runIf(process.getuid?.() === 0)('counts what is the same there, and leaves no name behind', async () => {
  const config = configSchema.parse({
    ...{ source: `${sshd.user}@127.0.0.1`, port: sshd.port, key: { derivation: 'sha512' } },
    ssh: { knownHosts: join(room, 'known_hosts') },
  });
  const context = {
    paths: { ...defaultPaths, run: join(room, 'run') },
    start: startProgram,
  } as unknown as CliContext;
  const disk: OpenedDisk = {
    ...{ record: aRecord(), top: join(room, 'disk'), mirror: 'backups', device: undefined, staysOpen: true },
  };
  const sample: DrillFile[] = ['same', 'differs', 'changed', 'gone', 'of the history'].map((name) => ({
    ...{ path: `docs/${name}`, directory: '', size: 1, isLinked: false, isSparse: false },
    at: name === 'of the history' ? new Date(0) : undefined,
  }));
  const access = { config, identity: sshd.identity };
  expect(await compareSample(context, access, disk, sample, AbortSignal.timeout(60_000))).toEqual({
    ...{ asked: 4, same: 1, differing: 1, changedSince: 1, missing: 1 },
  });
  expect(await readdir(join(room, 'run'))).toEqual([]);
  expect(await readdir(join(room, 'disk'))).toEqual(['backups']);
});
