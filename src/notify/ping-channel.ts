import type { PingChannel } from '../config/http-channel-schema.ts';
import { channelName } from './channel-name.ts';
import type { Channel, Notice } from './channel.ts';
import { askHttp, sendHttp } from './http.ts';
import { readSecretFile } from './secret-file.ts';

/** Signs of life for a service that raises the alarm when they stay away, as healthchecks.io and Uptime Kuma do. */
export function createPingChannel(settings: PingChannel): Channel {
  return {
    name: channelName(settings),
    send: async (notice, signal) => {
      const end = settings[signOf(notice.kind)];
      if (end === false) return undefined; // the settings send no ping for such news
      const address = await addressOf(settings);
      const { method } = settings;
      const body = `${notice.subject}\n\n${notice.text}\n`;
      return sendHttp(
        {
          ...{ url: withEnd(address, end), method },
          ...(method === 'POST' && { body, headers: { 'content-type': 'text/plain; charset=utf-8' } }),
        },
        settings,
        [new URL(address).pathname.slice(1), new URL(address).search.slice(1)],
        signal,
      );
    },
    probe: async (signal) => {
      const url = new URL('/', await addressOf(settings)).href; // not the address itself, which would be a sign of life
      await askHttp({ url, method: 'HEAD' }, settings, signal);
    },
  };
}

function signOf(kind: Notice['kind']): 'start' | 'success' | 'fail' | 'log' {
  switch (kind) {
    case 'started':
      return 'start';
    case 'success':
      return 'success';
    case 'failure':
    case 'held':
    case 'overdue':
      return 'fail';
    case 'refusal':
    case 'waiting':
    case 'warning':
    case 'report':
    case 'test':
      return 'log';
  }
}

/** An end that begins with `?` takes the place of the parameters; another one goes before them. */
function withEnd(address: string, end: string): string {
  const url = new URL(address);
  if (end.startsWith('?')) url.search = end;
  else url.pathname = url.pathname.replace(/\/$/, '') + end;
  return url.href;
}

async function addressOf({ url, urlFile }: PingChannel): Promise<string> {
  const address = url ?? (await readSecretFile('the file of the address', urlFile ?? ''));
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol))
    throw new Error('the file of the address does not hold an address that begins with https:// or http://');
  return address;
}
