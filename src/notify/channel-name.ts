import type { NotifyChannel } from '../config/schema.ts';

/** Host and port of an address: the rest may be a secret. */
const hostOf = (address: string): string => new URL(address).host;

/** The name of a channel in status, doctor and the journal, without a secret. */
export function channelName(settings: NotifyChannel): string {
  if (settings.name !== undefined) return settings.name;
  switch (settings.type) {
    case 'mail':
      return `mail to ${settings.to}`;
    case 'command':
      return `command ${settings.command}`;
    case 'ntfy': // without the topic: anybody who knows it can read the notices
    case 'gotify':
      return `${settings.type} at ${hostOf(settings.server)}`;
    case 'webhook':
      return `webhook at ${hostOf(settings.url)}`;
    case 'ping':
      return settings.url === undefined ? 'ping' : `ping to ${hostOf(settings.url)}`;
    case 'apprise':
      return `apprise with ${settings.config}`;
    case 'signal':
      return 'sound and light';
  }
}
