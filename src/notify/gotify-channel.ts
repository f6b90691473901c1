import type { GotifyChannel } from '../config/http-channel-schema.ts';
import { channelName } from './channel-name.ts';
import type { Channel } from './channel.ts';
import { askHttp, sendHttp } from './http.ts';
import { readSecretFile } from './secret-file.ts';

const priorities = { low: 2, normal: 5, high: 8, urgent: 10 } as const;

/** Gotify: an application on a self-hosted server. */
export function createGotifyChannel(settings: GotifyChannel): Channel {
  const url = `${settings.server.replace(/\/+$/, '')}/message`;
  return {
    name: channelName(settings),
    send: async ({ station, subject, text, priority }, signal) => {
      const token = await readSecretFile('the token file', settings.tokenFile);
      const headers = { 'content-type': 'application/json', 'x-gotify-key': token };
      const body = JSON.stringify({
        title: `[${station}] ${subject}`,
        message: text,
        priority: settings.priority ?? priorities[priority],
      });
      return sendHttp({ url, method: 'POST', headers, body }, settings, [token], signal);
    },
    probe: async (signal) => {
      await readSecretFile('the token file', settings.tokenFile);
      await askHttp({ url: settings.server, method: 'HEAD' }, settings, signal);
    },
  };
}
