import { hostname } from 'node:os';
import { notifyChannel } from '../config/notify-schema.ts';
import { usualRotation } from '../config/rotation-setting.ts';
import type { Config } from '../config/schema.ts';
import { patience } from '../config/values.ts';
import { UsageError } from '../errors.ts';

/** A port from 1 to 65535. */
export function portFrom(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65535) return port;
  throw new UsageError(`${text} is no port: it must be a number from 1 to 65535.`, 'The usual port of ssh is 22.');
}

/** A time span that may be longer than a timer can wait for. */
export function checkCadence(text: string): string {
  if (patience.safeParse(text).success) return text;
  throw new UsageError(`${text} is no time span: it must be a number with a unit.`, 'For example: 10d, 5w');
}

const dayMs = 24 * 3_600_000;

/** The present cadence in days, or what stands for less than one. */
export function cadenceText(config: Config | undefined): string {
  const { every } = config?.rotation ?? usualRotation;
  return every % dayMs === 0 ? `${every / dayMs}d` : `${Math.round(every / 1000)}s`;
}

/** A channel for notices as the settings write it. */
export type ChannelAnswer = Readonly<Record<string, string>>;

/** `mail ADDRESS`, `ntfy TOPIC` or `ntfy URL/TOPIC`, `webhook URL`; a colon after the first word is allowed. */
export function channelFrom(text: string): ChannelAnswer {
  const [, kind = '', value = ''] = /^([a-z]+)(?::\s*|\s+)(\S+)$/.exec(text.trim()) ?? [];
  const settings = settingsOf(kind, value);
  if (notifyChannel.safeParse(settings).success) return settings;
  throw new UsageError(
    `${text} is not mail ADDRESS, ntfy TOPIC or webhook URL.`,
    'Other channels, and more about each: extbackup config example',
  );
}

function settingsOf(kind: string, value: string): ChannelAnswer {
  if (kind === 'mail') return { type: 'mail', to: value, from: `extbackup@${hostname()}` };
  if (kind === 'webhook') return { type: 'webhook', url: value };
  if (kind !== 'ntfy') return { type: kind };
  const [, server, topic] = /^(https?:\/\/.+)\/([^/]+)$/.exec(value) ?? [];
  return server === undefined || topic === undefined ? { type: 'ntfy', topic: value } : { type: 'ntfy', server, topic };
}
