import { randomBytes } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A tree to back up, and a change of one file in a hundred (many files), or of one per cent of a file (few). */
export interface Tree {
  readonly name: string;
  /** Fills an empty directory. */
  readonly fill: (directory: string) => Promise<void>;
  /** @param round a number that is different each time */
  readonly change: (directory: string, round: number) => Promise<void>;
}

const inOneDirectory = 200;

/** Many files of 300 to 20,000 bytes that do not compress. */
export function manySmall(count: number): Tree {
  const path = (directory: string, index: number): string =>
    join(directory, `d${String(Math.floor(index / inOneDirectory))}`, `file-${String(index)}`);
  const write = (directory: string, index: number): Promise<void> =>
    writeFile(path(directory, index), randomBytes(300 + ((index * 7_919) % 19_700)));
  return {
    name: `${count.toLocaleString('en')} small files`,
    fill: async (directory) => {
      for (let index = 0; index < count; index += 1) {
        if (index % inOneDirectory === 0) await mkdir(join(directory, `d${String(index / inOneDirectory)}`));
        await write(directory, index);
      }
    },
    change: async (directory, round) => {
      for (let index = round % 100; index < count; index += 100) await write(directory, index);
    },
  };
}

/** Four large files, of which one per cent changes in the middle of each. */
export function fewLarge(megabytes: number): Tree {
  const each = Math.ceil(megabytes / 4);
  const mb = 1024 ** 2;
  return {
    name: `4 files of ${String(each)} MB`,
    fill: async (directory) => {
      for (let file = 0; file < 4; file += 1)
        for (let written = 0; written < each; written += 1)
          await writeFile(join(directory, `large-${String(file)}`), randomBytes(mb), { flag: 'a' });
    },
    change: async (directory) => {
      for (let file = 0; file < 4; file += 1) {
        const handle = await open(join(directory, `large-${String(file)}`), 'r+');
        const bytes = Math.ceil((each * mb) / 100);
        await handle.write(randomBytes(bytes), 0, bytes, Math.floor((each * mb) / 2));
        await handle.close();
      }
    },
  };
}
