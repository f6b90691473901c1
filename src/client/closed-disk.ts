import type { MeasureUse } from '../disk/measure.ts';
import { releaseNow, type ReleaseNow } from '../opening/release-now.ts';
import type { Paths } from '../system/paths.ts';
import { readAgentStatus } from './read-status.ts';

/**
 * What is to be said of a disk that a command, or a run, has closed: measured now, and with what the agent is about to do
 * with it by itself.
 */
export async function closedDiskNow(
  paths: Paths,
  { label, luksUuid }: { readonly label: string; readonly luksUuid: string },
  measure?: MeasureUse,
): Promise<ReleaseNow> {
  const status = await readAgentStatus(paths);
  const goesOn = status?.drives.find((drive) => drive.luksUuid === luksUuid)?.goesOn;
  return releaseNow(paths, { label, luksUuid, goesOn }, measure);
}

/** The same as a sentence of its own. */
export const asSentence = ({ words }: ReleaseNow): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
