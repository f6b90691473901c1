import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openPacedOutput, removeLeftOutputs } from '../../../src/system/paced-output.ts';

let room: string;
beforeEach(() => { room = mkdtempSync(join(tmpdir(), 'extbackup-output-')); });
afterEach(() => { rmSync(room, { recursive: true }); });

const makeFifo = (path: string): Promise<void> => {
  execFileSync('/usr/bin/mkfifo', [path]);
  return Promise.resolve();
};
const heldIn = (directory: string): string[] => readdirSync('/proc/self/fd').flatMap((fd) => {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).startsWith(directory) ? [fd] : [];
  } catch {
    return []; // that of the list itself
  }
});

it('leaves neither a name nor an open end where it cannot be opened', async () => {
  const notAFifo = (path: string): Promise<void> => {
    writeFileSync(path, '', { mode: 0o600 });
    return Promise.reject(new Error('killed in between'));
  };
  await expect(openPacedOutput(room, notAFifo, () => undefined)).rejects.toThrow('in between');
  expect([readdirSync(room), heldIn(room)]).toEqual([[], []]);
});

it('what a killed agent left of one is removed, and nothing else', async () => {
  let left = '';
  const output = await openPacedOutput(room, (path) => {
    left = path;
    return makeFifo(path);
  }, () => undefined);
  output.begin();
  await output.ended;
  await makeFifo(left); // as it was before its name was taken away
  writeFileSync(join(room, 'status.json'), '');
  await removeLeftOutputs(room);
  expect([readdirSync(room), heldIn(room)]).toEqual([['status.json'], []]);
});
