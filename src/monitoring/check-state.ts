import * as z from 'zod';
import type { RotationSetting } from '../config/rotation-setting.ts';
import { statusSchema, type Status } from '../protocol/status.ts';
import { readIfThere } from '../system/atomic-file.ts';
import { parseJson } from '../system/parse-json.ts';
import { files, type Paths } from '../system/paths.ts';
import { readProcessStart } from '../system/process-start.ts';

const milliseconds = z.number().nonnegative();

const schema = z.object({
  version: z.literal(1),
  status: statusSchema,
  rotation: z.object({ every: milliseconds, drives: z.record(z.string(), milliseconds), offline: milliseconds }),
});

/** The facts for `extbackup check`, for users who may not read the status itself. */
export interface CheckState {
  readonly status: Status;
  readonly rotation: Pick<RotationSetting, 'every' | 'drives' | 'offline'>;
}

/** The content of the file. */
export const renderCheckState = ({ status, rotation: { every, drives, offline } }: CheckState): string =>
  `${JSON.stringify({ version: 1, status, rotation: { every, drives, offline } })}\n`;

/**
 * Reads what the agent left for users other than root.
 * @returns undefined if there is nothing; a state whose agent has ended meanwhile counts as stopped
 */
export async function readCheckState(paths: Paths, now: Date): Promise<CheckState | undefined> {
  const found = parseJson(schema, await readIfThere(files.checkState(paths)));
  if (found === undefined) return undefined;
  const { status, rotation } = found;
  const { offlineCopy, overdue } = status.rotation;
  const ageSeconds = offlineCopy === null ? 0 : Math.round((now.getTime() - Date.parse(offlineCopy.at)) / 1000);
  const isRunning = (await readProcessStart(status.pid)) === status.pidStartTime;
  return {
    rotation,
    status: {
      ...status,
      agent: isRunning ? status.agent : 'stopped',
      rotation: {
        ...status.rotation,
        offlineCopy: offlineCopy && { ...offlineCopy, ageSeconds },
        overdue: overdue || ageSeconds * 1000 > rotation.offline,
      },
    },
  };
}
