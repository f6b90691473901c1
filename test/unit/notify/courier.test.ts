import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createCourier, type Errand } from '../../../src/notify/courier.ts';
import type { StartProgram } from '../../../src/system/command.ts';

let run: string;
let endUnit: () => void;
let asked: Errand[][];
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'courier-'));
  asked = [];
});
afterEach(() => rm(run, { recursive: true }));

/** A unit that has written these lines, and goes on until `endUnit` is called. */
const unitWith =
  (...lines: string[]): StartProgram =>
  async ({ args: [verb, unit = ''], signal }) => {
    const id = /@(.*)\.service$/.exec(unit)?.[1] ?? '';
    if (verb === 'start') {
      asked.push(JSON.parse(await readFile(join(run, 'courier', id, 'request'), 'utf8')) as Errand[]);
      await writeFile(join(run, 'courier', id, 'answer'), lines.join('\n'));
      await new Promise<void>((resolve) => {
        endUnit = resolve;
        signal?.addEventListener('abort', () => {
          resolve();
        });
      });
    }
    return { exitCode: 0, stdout: '', stderr: '' };
  };
const never = new AbortController().signal;
const probe = (name: string): Errand => ({ kind: 'probe', channel: { type: 'mail', name } }) as unknown as Errand;

it('knows what became of a quick errand while a slow one of the same moment goes on', async () => {
  const courier = createCourier(unitWith('{"errand":1,"said":"250 queued"}', '{"err'), { run });
  const slow = courier(probe('slow'), 1_000, never);
  expect(await courier(probe('quick'), 1_000, never)).toEqual({ said: '250 queued' });
  expect(asked).toEqual([[probe('slow'), probe('quick')]]);
  endUnit();
  expect(await slow).toMatchObject({ failure: expect.stringContaining('failed; see: journalctl') as string });
  expect(await readdir(join(run, 'courier'))).toEqual([]);
});

it('ends the unit only when all of its errands are given up', async () => {
  const [one, other] = [new AbortController(), new AbortController()];
  const courier = createCourier(unitWith(), { run });
  const both = [courier(probe('one'), 1_000, one.signal), courier(probe('other'), 1_000, other.signal)];
  await expect.poll(() => asked.length).toBe(1);
  one.abort();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await readdir(join(run, 'courier'))).toHaveLength(1);
  other.abort();
  expect(await Promise.all(both)).toEqual([{ failure: 'was stopped' }, { failure: 'was stopped' }]);
});
