import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mostTries, openAttachMemory, type AttachState } from '../../../src/records/attach-memory.ts';

let top = '';
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'attaches-'));
});
afterEach(() => rm(top, { recursive: true }));

const key = { diskseq: 4, luksUuid: 'u' };
const open = () =>
  openAttachMemory(join(top, 'attaches.json'), 'boot', (error) => {
    throw error;
  });

it.each<[string, AttachState[], number]>([
  ['three runs that died', ['started', 'started', 'started'], mostTries],
  ['three good ones', ['started', 'served', 'started', 'served', 'started', 'served'], 0],
  ['three restarts in mid-run', ['started', 'interrupted', 'started', 'interrupted', 'started', 'interrupted'], 0],
  ['one that died after good ones', ['started', 'served', 'started', 'served', 'started'], 1],
])('tries after %s, as the next agent reads them', async (_what, states, tries) => {
  const memory = await open();
  for (const state of states) await memory.note(key, state);
  const next = await open();
  expect(next.triesOf(key)).toBe(tries);
  expect(next.stateOf(key)).toBe(states.at(-1));
});
