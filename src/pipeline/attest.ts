import { agreement } from '../guard/hold.ts';
import { heldForHeartbeat, judgeHeartbeat } from '../guard/heartbeat.ts';
import { pullError } from '../rsync/failure.ts';
import { serverAt, serverName } from '../rsync/arguments.ts';
import type { PullSource } from '../config/sources.ts';
import type { Job } from './job.ts';
import type { Machine } from './machine.ts';
import { askPatiently, type Tries } from './tries.ts';

/**
 * Asks the server, before the mirror is changed, for the last run of its own backup. @throws HeldError when that is
 * unknown or too long ago, and not approved
 * @throws PullError when the server cannot be asked
 */
export async function attest(
  job: Job,
  source: PullSource,
  machine: Machine,
  tries: Tries,
  signal: AbortSignal,
): Promise<void> {
  const { config, record } = job;
  const { attestation } = source;
  if (attestation === undefined) return;
  const server = serverName(source);
  const { trouble, content, at } = await askPatiently(
    () => machine.fetchFile(config, source, attestation.file, signal),
    tries,
    signal,
  );
  if (trouble !== undefined) throw pullError(trouble, serverAt(source, at), undefined);
  const finding = judgeHeartbeat(content, attestation, new Date());
  if (finding.trouble === undefined || agreement(record.hold).attestation.includes(finding.trouble)) return;
  throw heldForHeartbeat(record.label, server, { ...finding, trouble: finding.trouble });
}
