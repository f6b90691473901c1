import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import { drillCheck } from '../../../src/doctor/drill-check.ts';
import { driveRecordSchema } from '../../../src/records/drive-record.ts';
import { startProgram } from '../../../src/system/command.ts';
import { defaultPaths, files } from '../../../src/system/paths.ts';

const now = new Date('2026-11-25T12:00:00Z');
const day = 86_400_000;
let state: string;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'extbackup-drill-check-'));
});
afterEach(() => rm(state, { recursive: true }));

async function look(every: number | undefined, ...disks: object[]) {
  const paths = { ...defaultPaths, state };
  const drives = disks.map((disk, index) =>
    driveRecordSchema.parse({
      label: `BACKUP_${index}`,
      luksUuid: `uuid-${index}`,
      sealedId: '11111111-1111-4111-8111-111111111111',
      generation: 1,
      enrolledAt: '2026-08-01T00:00:00.000Z',
      ...disk,
    }),
  );
  await writeFile(files.drives(paths), JSON.stringify({ version: 1, drives }));
  const config = { ...configSchema.parse({ source: 'a@b', key: { derivation: 'sha512' } }), drill: { every } };
  return drillCheck.check({ paths, start: startProgram, now, fix: false, config });
}

it.each([
  ['no drill is asked for', undefined, [{}], 'ok'],
  ['there is no disk yet', 30 * day, [], 'ok'],
  ['the last one is recent', 30 * day, [{ drilledAt: '2026-11-01T00:00:00.000Z' }, {}], 'ok'],
  ['the first disk is younger than that', 200 * day, [{}], 'ok'],
  ['the last one is too old', 10 * day, [{ drilledAt: '2026-11-01T00:00:00.000Z' }], 'warn'],
  ['there was none', 30 * day, [{}], 'warn'],
  [
    'only a retired disk was tried',
    30 * day,
    [{ state: 'retired', drilledAt: '2026-11-24T00:00:00.000Z' }, {}],
    'warn',
  ],
])('when %s', async (_, every, disks, verdict) => {
  expect((await look(every, ...disks)).verdict).toBe(verdict);
});
