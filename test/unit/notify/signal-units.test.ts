import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { testSignals } from '../../../src/notify/signal-units.ts';
import type { StartProgram } from '../../../src/system/command.ts';

let top: string;
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'signal-units-'));
  await mkdir(join(top, 'leds/input4::scrolllock'), { recursive: true });
  for (const file of ['trigger', 'brightness']) await writeFile(join(top, 'leds/input4::scrolllock', file), '0\n');
});
afterEach(() => rm(top, { recursive: true }));

const seen = { lights: [{ name: 'input4::scrolllock', works: true, said: 'blinked' }], sounds: [] };
const devices = () => ({
  leds: join(top, 'leds'),
  speaker: join(top, 's'),
  aplay: join(top, 'a'),
  sound: join(top, 'd'),
});

/** A unit that is done, and has printed `answer`. */
const unitSays =
  (answer: string | undefined): StartProgram =>
  async ({ args: [verb] }) => {
    if (verb === 'start' && answer !== undefined) await writeFile(join(top, 'signal-answer'), answer, { flag: 'a' });
    return { exitCode: 0, stdout: '', stderr: '' };
  };
const tried = (answer: string | undefined) =>
  testSignals(unitSays(answer), { run: top }, { lights: ['*::scrolllock'], sound: true }, devices());

it('takes the answer of the unit', async () => {
  expect(await tried(JSON.stringify(seen))).toEqual(seen);
});

it('takes no answer of an earlier test', async () => {
  await writeFile(join(top, 'signal-answer'), JSON.stringify(seen));
  expect(await tried(undefined)).toMatchObject({ lights: [{ name: 'input4::scrolllock', works: false }] });
  await writeFile(join(top, 'signal-answer'), JSON.stringify({ ...seen, lights: [] }));
  expect(await tried(JSON.stringify(seen))).toEqual(seen);
});
