import { chmod, chown, link, lstat, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { listHistory } from '../../../src/history/history-entry.ts';
import { pruneHistory } from '../../../src/history/prune.ts';
import { planRollback, rollBack } from '../../../src/restore/roll-back.ts';
import { startProgram } from '../../../src/system/command.ts';
import { factor, runs } from '../../property-runs.ts';
import { copyOf, openDisk, restoreBeside, type DiskAndServer } from './a-disk.ts';

vi.setConfig({ testTimeout: 240_000 * factor });

const never = new AbortController().signal;
const paths = ['a', 'b', 'c', 'a/a', 'a/b', 'b/a', 'b/b', 'a/b/c'];
const act = fc.record({
  what: fc.constantFrom('write', 'write', 'write', 'remove', 'rename', 'directory', 'link', 'twin', 'mode', 'owner'),
  path: fc.constantFrom(...paths),
  other: fc.constantFrom(...paths),
  number: fc.nat(2),
});
type Act = typeof act extends fc.Arbitrary<infer One> ? One : never;

let serial = 0;

/** Changes the source as people do; what is not possible there is left out. */
async function change(source: string, { what, path, other, number }: Act): Promise<void> {
  const [here, there] = [join(source, path), join(source, other)];
  const kind = await lstat(here).catch(() => undefined);
  await mkdir(dirname(here), { recursive: true });
  if (what === 'remove') await rm(here, { recursive: true, force: true });
  else if (what === 'rename') await rename(here, there);
  else if (what === 'mode' && kind && !kind.isSymbolicLink())
    await chmod(here, kind.isDirectory() ? 0o750 : 0o600 + number);
  else if (what === 'owner' && kind && !kind.isSymbolicLink()) await chown(here, 1_000 + number, 2_000);
  else if (what !== 'mode' && what !== 'owner') {
    if (kind && (what !== 'write' || !kind.isFile())) await rm(here, { recursive: true });
    if (what === 'directory') await mkdir(here);
    else if (what === 'link') await symlink(String(number), here);
    else if (what === 'twin') await link(there, here);
    else await writeFile(here, `${path} ${String((serial += 1))}`.padEnd(20 + serial, '.'));
  }
}

/** rsync waits for ever where --max-delete keeps it from replacing a directory by a file with several names. */
async function avoidStall({ source, mirror }: DiskAndServer): Promise<void> {
  for (const path of await readdir(source, { recursive: true })) {
    const now = await lstat(join(source, path));
    const old = await lstat(join(mirror, path)).catch(() => undefined);
    if (!now.isDirectory() && now.nlink > 1 && old?.isDirectory() === true) await rm(join(source, path));
  }
}

/** Kind, mode, owner, content and links of everything. A directory's own attributes are those of the run that made it. */
async function lookAt(root: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const firsts = new Map<number, string>();
  for (const path of (await readdir(root, { recursive: true })).sort()) {
    const { mode, uid, gid, size, ino } = await lstat(join(root, path));
    const first = firsts.get(ino) ?? path; // other names can be in the history
    firsts.set(ino, first);
    const isDirectory = (mode & 0o170000) === 0o040000;
    found[path] = isDirectory ? 'directory' : [mode.toString(8), uid, gid, size, first].join(' ');
  }
  return found;
}

const filesOf = (tree: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(tree).filter(([, what]) => what !== 'directory'));

/** The state after the first run stays, and the newest: much of what the first run copied is replaced only between them. */
async function thin(disk: DiskAndServer): Promise<void> {
  const entries = await listHistory(disk.top);
  const rule = { now: new Date(Date.now() + 1e12), age: 1e13, minFree: 0, atLeast: 0, perRun: 1, yearly: 1 };
  const order = {
    rule,
    budget: { entries: Infinity, bytes: Infinity },
    position: entries[0]?.number ?? 0,
    asked: 1,
  };
  await pruneHistory(startProgram, disk.top, order, never);
}

async function live(acts: readonly (readonly Act[])[]): Promise<void> {
  const disk = await openDisk();
  try {
    const states = new Map<number, Record<string, string>>();
    await writeFile(join(disk.source, 'always'), 'there'); // an empty source is refused
    for (const path of ['a/a', 'a/b/c', 'b/a', 'b/b', 'c'])
      await change(disk.source, { what: 'write', path, other: 'c', number: 0 });
    for (const list of [[], ...acts]) {
      for (const one of list) await change(disk.source, one).catch(() => undefined);
      await avoidStall(disk);
      const number = (await listHistory(disk.top))[0]?.number ?? 0;
      states.set(number, await lookAt(disk.mirror).catch(() => ({})));
      await disk.pull({ settings: { guard: { enabled: false } } });
    }
    await thin(disk);
    const history = await listHistory(disk.top);
    for (const entry of history) {
      const state = states.get(entry.number - 1);
      if (entry.isThinned === true || state === undefined) continue;
      const copy = await copyOf(disk);
      try {
        if (entry.number > 1) {
          const restored = await restoreBeside(copy, '.', new Date(entry.at.getTime() - 1));
          expect([...restored.keys()].sort()).toEqual(expect.arrayContaining(Object.keys(filesOf(state))));
          expect([entry.number, filesOf(await lookAt(join(copy.top, '../restored')))]).toEqual([
            entry.number,
            filesOf(state),
          ]);
        }
        const plan = await planRollback(copy.top, copy.record, entry.number - 1, never);
        if (plan) await rollBack(startProgram, copy.top, 'backups', plan, { removed: 0, restored: 0, left: 0 }, never);
        expect([entry.number, await lookAt(copy.mirror)]).toEqual([entry.number, state]);
      } finally {
        await copy.remove();
      }
    }
  } finally {
    await disk.remove();
  }
}

it('after runs of rsync, states that stay come back with owners, rights and hard links', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(act, { minLength: 1, maxLength: 6 }), { minLength: 4, maxLength: 6 }), live),
    { ...runs(4), endOnFailure: true },
  );
});
