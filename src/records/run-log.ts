import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readIfThere, writeAtomically } from '../system/atomic-file.ts';
import { parseJson } from '../system/parse-json.ts';
import { runRecordSchema, type RunRecord } from './run-record.ts';

/** Past runs, one JSON object a line, the newest last. */
export interface RunLog {
  /**
   * Adds a run and keeps the last 2000. A full or broken root file system never stops a backup.
   * @returns a warning for the operator when the run could not be written down; never throws
   */
  append(record: RunRecord): Promise<string | undefined>;
  /**
   * All runs, the newest last. Lines that are torn, or of another version, are left out. Throws only if the file cannot
   * be read.
   */
  list(): Promise<RunRecord[]>;
}

const kept = 2000;
const trimmedAt = 2200; // so that only some runs rewrite the file

/** {@link RunLog} in a file of mode 0600. */
export function createRunLog(file: string): RunLog {
  const list = async (): Promise<RunRecord[]> => parseRuns((await readIfThere(file)) ?? '');
  const trim = async (): Promise<void> => {
    // unchanged: some lines may be from a newer version
    const lines = ((await readIfThere(file)) ?? '').split('\n').filter((line) => line !== '');
    if (lines.length > trimmedAt)
      await writeAtomically(
        file,
        lines
          .slice(-kept)
          .map((line) => `${line}\n`)
          .join(''),
        true,
      );
  };
  return {
    list,
    append: async (record) => {
      try {
        await mkdir(dirname(file), { recursive: true, mode: 0o700 });
        await appendDurably(file, toLine(record));
        await trim();
        return undefined;
      } catch (error) {
        const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
        return `The outcome of run ${record.id} could not be recorded (${code}); "extbackup history" will not show it.`;
      }
    },
  };
}

const toLine = (record: RunRecord): string => `${JSON.stringify(record)}\n`;

/** Starts a line of its own even when a power cut tore the one before. */
async function appendDurably(file: string, line: string): Promise<void> {
  const handle = await open(file, 'a+', 0o600);
  try {
    const { size } = await handle.stat();
    const last = Buffer.alloc(1);
    const torn = size > 0 && (await handle.read(last, 0, 1, size - 1)).bytesRead === 1 && last.toString() !== '\n';
    await handle.appendFile(torn ? `\n${line}` : line);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

/** Parses the text of a run log; a line that is no run record is left out. */
export function parseRuns(text: string): RunRecord[] {
  return text.split('\n').flatMap((line) => {
    const record = parseJson(runRecordSchema, line);
    return record ? [record] : []; // torn by a power cut, or written by a newer version
  });
}
