import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { TestProject } from 'vitest/node';
import { bundleProgram } from '../debian/bundle.ts';
import { makeRooms, runInSandbox, type Prepared } from './integration/keys/run-in-sandbox.ts';

declare module 'vitest' {
  interface ProvidedContext {
    prepared: Prepared;
  }
}

/** The setup of a station is slow: it is done once for each password. */
const setUpStations = `
for password in 'correct horse' 'old password'; do
  printf '%s' "$password" | extbackup setup --source extbackup@localhost --password-stdin --yes --scrypt-memory 16M >/dev/null || exit
  mkdir -p "$STATIONS/$password/etc" "$STATIONS/$password/ram"
  cp -a /etc/extbackup/. "$STATIONS/$password/etc/" && cp -a /mnt/ramfs/. "$STATIONS/$password/ram/" || exit
  umount /mnt/ramfs && rm -r /etc/extbackup || exit
done`;

/** Bundles the program and sets stations up before the first integration test, and removes them after the last one. */
export default async function prepareOnce(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'extbackup-tests-'));
  const prepared = {
    program: join(directory, 'program'),
    stations: join(directory, 'stations'),
    rooms: join(directory, 'rooms'),
    packages: join(directory, 'packages'),
  };
  await mkdir(prepared.packages);
  await makeRooms(prepared.rooms);
  await bundleProgram(prepared.program);
  await execa(process.execPath, [join(prepared.program, 'write-code-cache.js')], { stdout: 'ignore' }); // as postinst does
  const { code, stderr } = runInSandbox(prepared, setUpStations, 120_000);
  if (code !== 0) throw new Error(`no station could be set up: ${stderr}`);
  project.provide('prepared', prepared);
  return () => rm(directory, { recursive: true, force: true });
}
