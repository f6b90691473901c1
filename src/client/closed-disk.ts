import type { MeasureUse } from '../disk/measure.ts';
import { releaseNow, type ReleaseNow } from '../opening/release-now.ts';
import type { Paths } from '../system/paths.ts';
import { readAgentStatus } from './read-status.ts';

/**
 * Words for a disk that a command or a run has closed: its measured state, and the run that the agent will start
 * on it.
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

/** The same as a full sentence. */
export const asSentence = ({ words }: ReleaseNow): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
