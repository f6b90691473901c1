import { mkdir, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Reply } from '../protocol/status.ts';
import { writeAtomically } from '../system/atomic-file.ts';

/** Answers to the CLI, one file each. */
export interface Replies {
  /** Never throws: a run does not fail because its answer cannot be written. */
  send(reply: Reply): Promise<void>;
  /** Removes answers that were not read within a day. */
  tidy(): Promise<void>;
}

const keptMs = 86_400_000;

/** {@link Replies} in a directory that only root can read. */
export function createReplies(directory: string, onError: (error: unknown) => void): Replies {
  const quietly = async (work: () => Promise<void>): Promise<void> => {
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await work();
    } catch (error) {
      onError(error);
    }
  };
  let last = Promise.resolve();
  return {
    // in order, so that "started" never replaces "done"
    send: (reply) =>
      (last = last.then(() =>
        quietly(() => writeAtomically(join(directory, `${reply.id}.json`), JSON.stringify(reply), false)),
      )),
    tidy: () =>
      quietly(async () => {
        for (const name of await readdir(directory)) {
          const file = join(directory, name);
          if (Date.now() - (await stat(file)).mtimeMs > keptMs) await unlink(file);
        }
      }),
  };
}
