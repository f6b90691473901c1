import * as z from 'zod';
import type { Attestation } from '../config/source-schema.ts';
import type { Advice } from '../errors.ts';
import { HeldError, type HeartbeatTrouble } from './hold.ts';

/** A heartbeat, and its fault if there is one. */
export interface HeartbeatFinding {
  readonly trouble?: HeartbeatTrouble;
  /** Age in milliseconds; negative when its time is in the future. */
  readonly ageMs?: number;
  readonly at?: Date;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Largest tolerated difference of the clocks. */
const toleratedLeadMs = hourMs;

/** Exactly two lines: the id, and a time in UTC. It comes from the server, so it is not trusted. */
const form = /^(?<id>[A-Za-z0-9._-]{8,64})\n(?<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\n?$/;
const time = z.iso.datetime();

/** @param content undefined when the server has no such file, or it is not a small plain file */
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
    'Look at the backup job on the server; it must call extbackup-heartbeat after each success (extbackup server-setup --heartbeat).',
  ],
  damaged: (server) => [
    `the heartbeat on ${server} was not written by the main backup: its form is wrong.`,
    'Look at the file on the server (setting attestation.file), and run the backup job, which writes it anew.',
  ],
  foreign: (server) => [
    `the heartbeat on ${server} belongs to another backup: its id differs from the one in the settings.`,
    'Check that source: names the right server and directory; if the server was set up anew, compare attestation.id with the server.',
  ],
  stale: (server, { span, at }) => [
    `the main backup itself has not run for ${span}: the last heartbeat on ${server} is from ${at}.`,
    'Look at the backup job on the server, and repair it.',
  ],
  ahead: (server, { span, at }) => [
    `the heartbeat on ${server} is from ${at}, ${span} ahead of the clock of this machine: one of the two clocks is wrong.`,
    'Compare them (here: timedatectl) and set the wrong one.',
  ],
};

const inShort: Record<HeartbeatTrouble, string> = {
  missing: 'missing',
  damaged: 'damaged',
  foreign: 'from another backup',
  stale: 'too old',
  ahead: 'ahead of this clock',
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
      `To back up the server as it is: extbackup approve ${label} --reason TEXT`,
    {
      headline: `the server's heartbeat is ${inShort[finding.trouble]}`,
      sign: { what: `heartbeat.${finding.trouble}` },
      attestation: finding.trouble,
    },
  );
}

/** The fault of a heartbeat, and advice; `happened` begins with a small letter. */
export function describeHeartbeat(
  server: string,
  { trouble, ageMs = 0, at }: HeartbeatFinding & { readonly trouble: HeartbeatTrouble },
): Advice {
  const [happened, todo] = words[trouble](server, { span: spanOf(Math.abs(ageMs)), at: at?.toISOString() ?? '' });
  return { happened, todo };
}

/** A time span in words: in days from two days on, in hours from two hours on. */
export function spanOf(ms: number): string {
  if (ms >= 2 * dayMs) return `${Math.floor(ms / dayMs)} days`;
  return ms >= 2 * hourMs ? `${Math.floor(ms / hourMs)} hours` : `${Math.floor(ms / minuteMs)} minutes`;
}
