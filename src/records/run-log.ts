import type { Advice } from '../errors.ts';
import { openJsonLines, parseLines } from './json-lines.ts';
import { runRecordSchema, type RunRecord } from './run-record.ts';
import { adviceForRecords } from './unwritable.ts';

/** Past runs, one JSON object a line, the newest last. */
export interface RunLog {
  /**
   * Adds a run and keeps the last 2000. A full or broken root file system never stops a backup.
   * @returns what happened, and what to do, when the run could not be written down; never throws
   */
  append(record: RunRecord): Promise<Advice | undefined>;
  /**
   * All runs, the newest last. Lines that are torn, or of another version, are left out. Throws only if the file cannot
   * be read.
   */
  list(): Promise<RunRecord[]>;
}

/** {@link RunLog} in a file of mode 0600. */
export function createRunLog(file: string): RunLog {
  const lines = openJsonLines(file, runRecordSchema, { kept: 2000, trimmedAt: 2200 });
  return {
    list: () => lines.list(),
    append: async (record) => {
      try {
        await lines.append(record);
        return undefined;
      } catch (error) {
        const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
        const happened = `The outcome of run ${record.id} could not be recorded (${code}); "extbackup history" will not show it.`;
        return { happened, todo: adviceForRecords(error) };
      }
    },
  };
}

/** Parses the text of a run log. */
export const parseRuns = (text: string): RunRecord[] => parseLines(runRecordSchema, text);
