import { createHmac } from 'node:crypto';
import type { WebhookChannel } from '../config/http-channel-schema.ts';
import { channelName } from './channel-name.ts';
import type { Channel } from './channel.ts';
import { askHttp, sendHttp } from './http.ts';
import { readSecretFile } from './secret-file.ts';

/** Posts the whole notice as JSON, signed if the settings ask for it; docs/events.md describes it. */
export function createWebhookChannel(settings: WebhookChannel): Channel {
  const { url } = settings;
  return {
    name: channelName(settings),
    send: async (notice, signal) => {
      const body = JSON.stringify(notice);
      const { headers, key } = await readSecrets(settings);
      return sendHttp(
        {
          ...{ url, method: 'POST', body },
          headers: {
            'content-type': 'application/json',
            'x-extbackup-event': notice.kind,
            ...settings.headers,
            ...headers,
            ...(key !== undefined && { [settings.signatureHeader]: `sha256=${sign(body, key)}` }),
          },
        },
        settings,
        [...Object.values(headers), key ?? '', new URL(url).search.slice(1)],
        signal,
      );
    },
    probe: async (signal) => {
      await readSecrets(settings);
      await askHttp({ url: new URL('/', url).href, method: 'HEAD' }, settings, signal);
    },
  };
}

/** HMAC-SHA256 in hex digits. */
const sign = (body: string, key: string): string => createHmac('sha256', key).update(body).digest('hex');

async function readSecrets({ headerFiles, secretFile }: WebhookChannel) {
  const headers: Record<string, string> = {};
  for (const [name, file] of Object.entries(headerFiles))
    headers[name] = await readSecretFile(`the file of header ${name}`, file);
  const key = secretFile === undefined ? undefined : await readSecretFile('the secret file', secretFile);
  return { headers, key };
}
