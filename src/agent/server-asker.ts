import { sourcesFor, sourcesOf } from '../config/sources.ts';
import { identityFile } from '../keys/ssh-key.ts';
import { createLink, type Reach } from '../rsync/link.ts';
import { LinkError } from '../rsync/link-error.ts';
import { waitsForServer } from '../rsync/failure.ts';
import type { StartProgram } from '../system/command.ts';
import type { Paths } from '../system/paths.ts';
import type { DriveRecord } from '../records/drive-record.ts';
import type { SupervisorParts } from './surroundings.ts';

/** Asks servers through the link unit like a pull, but without a disk. */
export function createServerAsker(start: StartProgram, paths: Paths): SupervisorParts['serverAnswers'] {
  return (config, record, signal) =>
    anyAnswers(createLink(start, paths, identityFile(paths, config.ssh)), config, record, signal);
}

/**
 * Whether a server that the last run of a disk did not reach answers now. A refusal is an answer: the run reports it.
 * @param record names the unreachable sources if the settings have several
 */
export async function anyAnswers(
  reach: Reach,
  config: Parameters<SupervisorParts['serverAnswers']>[0],
  record: Pick<DriveRecord, 'sources'> & Partial<Pick<DriveRecord, 'label'>>,
  signal: AbortSignal,
): Promise<boolean> {
  const all = record.label === undefined ? sourcesOf(config) : sourcesFor(config, record.label);
  const missed = all.filter(
    ({ name }) => name !== undefined && waitsForServer(record.sources?.[name]?.lastError ?? null),
  );
  for (const { source, port, addresses } of missed.length > 0 ? missed : all) {
    if (signal.aborted) return false;
    if (await answers(reach, { source, port, addresses, ssh: config.ssh }, signal)) return true;
  }
  return false;
}

async function answers(reach: Reach, place: Parameters<Reach>[0], signal: AbortSignal): Promise<boolean> {
  try {
    return await reach(place, signal, () => Promise.resolve(true));
  } catch (error) {
    return !(error instanceof LinkError) || error.trouble !== 'network';
  }
}
