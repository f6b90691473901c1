import { rm } from 'node:fs/promises';
import type { Config } from '../config/schema.ts';
import { renderCheckState } from '../monitoring/check-state.ts';
import type { Status } from '../protocol/status.ts';
import { coalesce } from '../system/coalesce.ts';
import { replaceFile } from '../system/new-file.ts';
import { files, type Paths } from '../system/paths.ts';

/** The parts of {@link createCheckFile}. */
export interface CheckFileParts {
  readonly paths: Paths;
  readonly loadConfig: () => Promise<Config>;
  readonly onError: (error: unknown) => void;
}

/**
 * Keeps the file with which other users than root may call `extbackup check`, if the settings allow it.
 * @returns a function for each new status; the progress of a run alone writes nothing
 */
export function createCheckFile({ paths, loadConfig, onError }: CheckFileParts): (status: Status) => void {
  const file = files.checkState(paths);
  let status: Status | undefined;
  let written: string | undefined;
  const write = async (): Promise<void> => {
    const config = await loadConfig().catch(() => undefined); // reported elsewhere
    if (status === undefined || config === undefined) return;
    if (!config.check.readable) {
      if (written !== '') await rm(file, { force: true });
      written = '';
      return;
    }
    const { run, updatedAt, ...rest } = status;
    const text = renderCheckState({ status: { ...status, run: null }, rotation: config.rotation });
    const counts = JSON.stringify([rest, config.rotation, run?.id, updatedAt.slice(0, 13)]);
    if (counts === written) return;
    await replaceFile(file, text, 0o644);
    written = counts;
  };
  const soon = coalesce(write, onError);
  return (next) => {
    status = next;
    soon();
  };
}
