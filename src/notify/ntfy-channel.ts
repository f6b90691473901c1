import type { NtfyChannel } from '../config/http-channel-schema.ts';
import type { Channel, Notice } from './channel.ts';
import { askHttp, sendHttp } from './http.ts';
import { channelName } from './channel-name.ts';
import { readSecretFile } from './secret-file.ts';

/** ntfy: a topic on a server, which phones subscribe to. */
export function createNtfyChannel(settings: NtfyChannel): Channel {
  const { server, tokenFile } = settings;
  return {
    name: channelName(settings),
    send: async (notice, signal) => {
      const token = tokenFile === undefined ? undefined : await readSecretFile('the token file', tokenFile);
      const headers = {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      };
      const request = { url: server, method: 'POST', headers, body: toMessage(notice, settings) } as const;
      return sendHttp(request, settings, [token ?? '', settings.topic], signal);
    },
    probe: async (signal) => {
      if (tokenFile !== undefined) await readSecretFile('the token file', tokenFile);
      await askHttp({ url: server, method: 'HEAD' }, settings, signal);
    },
  };
}

const priorities = { low: 2, normal: 3, high: 4, urgent: 5 } as const;

/** Names of emojis, which ntfy puts before the title. */
const signs: Partial<Record<Notice['kind'], string>> = {
  success: 'white_check_mark',
  failure: 'rotating_light',
  held: 'raised_hand',
  waiting: 'key',
  overdue: 'hourglass',
  refusal: 'no_entry',
  warning: 'warning',
};

const longestMessage = 3_500; // bytes; ntfy turns a longer text than 4096 into an attachment

/** Without half a letter at its end. */
const beginning = (text: string): string =>
  Buffer.from(text)
    .subarray(0, longestMessage)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');

function toMessage({ kind, priority, station, subject, text }: Notice, settings: NtfyChannel): string {
  return JSON.stringify({
    topic: settings.topic,
    title: `[${station}] ${subject}`,
    message: beginning(text),
    priority: settings.priority ?? priorities[priority],
    tags: [...[signs[kind] ?? []].flat(), ...settings.tags],
  });
}
