import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dataFormat, noteDataFormat, requireKnownData } from '../../../src/records/data-format.ts';
import { defaultPaths, files, type Paths } from '../../../src/system/paths.ts';

let directory: string;
let paths: Paths;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-format-'));
  paths = { ...defaultPaths, state: join(directory, 'state') };
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const note = (text: string): Promise<void> => writeFile(files.dataFormat(paths), text);

test('the format is noted once, for root alone, and the note of the first version stays', async () => {
  await requireKnownData(paths);
  await noteDataFormat(paths, '0.1.0');
  await noteDataFormat(paths, '0.2.0');
  expect(JSON.parse(await readFile(files.dataFormat(paths), 'utf8'))).toEqual({
    format: dataFormat,
    writtenBy: '0.1.0',
  });
  expect((await stat(files.dataFormat(paths))).mode & 0o777).toBe(0o600);
});

test('records of a newer format are refused in words, and their note stays as it is', async () => {
  await noteDataFormat(paths, '0.1.0');
  const newer = `{"format":${dataFormat + 1},"writtenBy":"0.9.0"}\n`;
  await note(newer);
  await expect(requireKnownData(paths)).rejects.toMatchObject({ code: 'EXB_NEWER_DATA', exitCode: 2 });
  await expect(noteDataFormat(paths, '0.1.0')).rejects.toThrow(
    `of format ${dataFormat + 1}, written by extbackup 0.9.0. This version knows formats up to ${dataFormat}, and changes nothing.`,
  );
  expect(await readFile(files.dataFormat(paths), 'utf8')).toBe(newer);
});

test.each(['', 'torn', 'null', '{"format":"99"}', '{"format":0}'])(
  'a note %j says nothing and is replaced',
  async (text) => {
    await noteDataFormat(paths, '0.1.0');
    await note(text);
    await requireKnownData(paths);
    await noteDataFormat(paths, '0.2.0');
    expect(JSON.parse(await readFile(files.dataFormat(paths), 'utf8'))).toEqual({
      format: dataFormat,
      writtenBy: '0.2.0',
    });
  },
);
