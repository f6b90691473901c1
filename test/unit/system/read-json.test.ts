import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';
import { readPreviousKeys } from '../../../src/keys/previous-keys.ts';
import { readJson, readJsonInside } from '../../../src/system/read-json.ts';
import { defaultPaths } from '../../../src/system/paths.ts';

const schema = z.object({ version: z.literal(1), at: z.string() });
const good = { version: 1, at: 'noon' };
const place = mkdtempSync(join(tmpdir(), 'read-json-'));
const file = join(place, 'file.json');
afterAll(() => {
  rmSync(place, { recursive: true });
});

it.each([
  ['of this shape', JSON.stringify(good), good],
  ['that is empty', '', undefined],
  ['that is torn', JSON.stringify(good).slice(0, -3), undefined],
  ['of a newer version', JSON.stringify({ ...good, version: 2 }), undefined],
  ['of rubbish', '\0\0\0', undefined],
])('reads a file %s, of the station as of a disk', async (_, content, expected) => {
  writeFileSync(file, content);
  expect([await readJson(schema, file), await readJsonInside(schema, file)]).toEqual([expected, expected]);
});

it('knows a file that is missing, and one that is a directory, as undefined', async () => {
  for (const name of [join(place, 'none'), place])
    expect([await readJson(schema, name), await readJsonInside(schema, name)]).toEqual([undefined, undefined]);
});

it('does not follow a link on a disk, and reads no more than the limit', async () => {
  writeFileSync(file, JSON.stringify(good));
  symlinkSync(file, join(place, 'link'));
  expect(await readJsonInside(schema, join(place, 'link'))).toBeUndefined();
  expect(await readJsonInside(schema, file, 10)).toBeUndefined();
  expect(await readJsonInside(schema, file, 100)).toEqual(good);
});

it('never takes a damaged list of old keys for an empty one', async () => {
  const paths = { ...defaultPaths, state: place };
  expect(await readPreviousKeys(paths)).toEqual({ version: 1, keys: [], pending: [] });
  for (const content of ['', '{"version":1,"keys":[', '{"version":1,"keys":[],"pending":"none"}']) {
    writeFileSync(join(place, 'previous-keys.json'), content);
    await expect(readPreviousKeys(paths)).rejects.toMatchObject({ code: 'EXB_LEDGER', exitCode: 2 });
  }
});
