import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { attackTable, reportStopped, tableOf } from '../../lab/attack-table.ts';

const directory = mkdtempSync(join(tmpdir(), 'attacks-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

it('shows each attack in one line of a table', () => {
  const table = attackTable([
    { attack: 'a short one', stoppedBy: 'a wall', measured: 'exit 10\nand more' },
    { attack: 'a much longer attack', stoppedBy: 'a box', measured: 'x'.repeat(100) },
  ]);
  expect(table.split('\n')).toEqual([
    'attack                stopped by  measured',
    'a short one           a wall      exit 10 and more',
    `a much longer attack  a box       ${'x'.repeat(59)}…`,
  ]);
});

it('prints what the stories noted, and nothing without them', async () => {
  const file = join(directory, 'notes');
  let printed = '';
  const run = async (story: () => Promise<void>) => {
    const end = await tableOf(file, (text) => (printed += text));
    await story();
    await end();
  };
  await run(() => Promise.resolve());
  expect(printed).toBe('');
  await run(() => reportStopped('one', 'two', 'three', file));
  expect(printed).toMatch(/attack +stopped by +measured\none +two +three/);
});
