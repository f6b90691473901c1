import { z } from 'zod';
import type { Attestation } from '../config/source-schema.ts';
import type { Advice } from '../errors.ts';
import { HeldError, type HeartbeatTrouble } from './hold.ts';

/** What a heartbeat tells, and what is wrong with it, if anything. */
export interface HeartbeatFinding {
  readonly trouble?: HeartbeatTrouble;
  /** How old it is, in milliseconds; negative when it is of a time to come. */
  readonly ageMs?: number;
  readonly at?: Date;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Clocks may differ so much before somebody is asked. */
const toleratedLeadMs = hourMs;

/** Two lines and nothing else: the id, and a time in UTC. It comes from the server: anything may stand in it. */
const form = /^(?<id>[A-Za-z0-9._-]{8,64})\n(?<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\n?$/;
const time = z.iso.datetime();

/** @param content undefined when the server has no such file, or no small plain one */
export function judgeHeartbeat(content: string | undefined, { id, maxAge }: Attestation, now: Date): HeartbeatFinding {
  if (content === undefined) return { trouble: 'missing' };
  const groups = form.exec(content)?.groups;
  const written = time.safeParse(groups?.['at']);
  if (groups === undefined || !written.success) return { trouble: 'damaged' };
  if (groups['id'] !== id) return { trouble: 'foreign' };
  const at = new Date(written.data);
  const ageMs = now.getTime() - at.getTime();
  if (ageMs > maxAge) return { trouble: 'stale', ageMs, at };
  return ageMs < -toleratedLeadMs ? { trouble: 'ahead', ageMs, at } : { ageMs, at };
}

type Words = (
  server: string,
  finding: { readonly span: string; readonly at: string },
) => readonly [happened: string, todo: string];

const words: Record<HeartbeatTrouble, Words> = {
  missing: (server) => [
    `there is no heartbeat on ${server}: the main backup itself may never have run, or its directory is not mounted.`,
    'Look at the backup job on the server; it must call extbackup-heartbeat when it succeeded (extbackup server-setup --heartbeat).',
  ],
  damaged: (server) => [
    `the heartbeat on ${server} is not what the main backup writes.`,
    'Look at the file on the server (setting attestation.file), and let the backup job write it anew.',
  ],
  foreign: (server) => [
    `the heartbeat on ${server} is that of another backup: its id is not the one in the settings.`,
    'Check that source: names the right server and directory; if the server was set up anew, compare attestation.id with the server.',
  ],
  stale: (server, { span, at }) => [
    `the main backup itself has not run for ${span}: the last heartbeat on ${server} is of ${at}.`,
    'Look at the backup job on the server, and repair it.',
  ],
  ahead: (server, { span, at }) => [
    `the heartbeat on ${server} is of ${at}, ${span} ahead of the clock of this machine: one of the two clocks is wrong.`,
    'Compare them (here: timedatectl) and set the wrong one.',
  ],
};

/** Words for a run that is held because of the server's heartbeat. */
export function heldForHeartbeat(
  label: string,
  server: string,
  finding: HeartbeatFinding & { readonly trouble: HeartbeatTrouble },
): HeldError {
  const { happened, todo } = describeHeartbeat(server, finding);
  return new HeldError(
    `held: ${happened} Nothing on ${label} was changed.`,
    `${todo} Then plug the disk in again, or run: extbackup run --drive ${label}. ` +
      `To back up what is there as it is: extbackup approve ${label} --reason TEXT`,
    undefined,
    finding.trouble,
  );
}

/** What is wrong with a heartbeat, and what to do about it; `happened` begins with a small letter. */
export function describeHeartbeat(
  server: string,
  { trouble, ageMs = 0, at }: HeartbeatFinding & { readonly trouble: HeartbeatTrouble },
): Advice {
  const [happened, todo] = words[trouble](server, { span: spanOf(Math.abs(ageMs)), at: at?.toISOString() ?? '' });
  return { happened, todo };
}

/** How long that is, in words. In days from two days on, in hours from two hours on. */
export function spanOf(ms: number): string {
  if (ms >= 2 * dayMs) return `${Math.floor(ms / dayMs)} days`;
  return ms >= 2 * hourMs ? `${Math.floor(ms / hourMs)} hours` : `${Math.floor(ms / minuteMs)} minutes`;
}
