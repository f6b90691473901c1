import type { SentChannel } from '../config/schema.ts';
import type { StartProgram } from '../system/command.ts';
import type { Channel } from './channel.ts';
import { createAppriseChannel } from './apprise-channel.ts';
import { createCommandChannel } from './command-channel.ts';
import { createGotifyChannel } from './gotify-channel.ts';
import { createMailChannel } from './mail-channel.ts';
import { createNtfyChannel } from './ntfy-channel.ts';
import { createPingChannel } from './ping-channel.ts';
import { createWebhookChannel } from './webhook-channel.ts';

/** The channel for an entry of `notify:`. A new kind of channel gets its line here. */
export function makeChannel(settings: SentChannel, start: StartProgram): Channel {
  switch (settings.type) {
    case 'command':
      return createCommandChannel(settings, start);
    case 'mail':
      return createMailChannel(settings);
    case 'ntfy':
      return createNtfyChannel(settings);
    case 'webhook':
      return createWebhookChannel(settings);
    case 'ping':
      return createPingChannel(settings);
    case 'apprise':
      return createAppriseChannel(settings, start);
    case 'gotify':
      return createGotifyChannel(settings);
  }
}
