import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { SignalChannel } from '../config/signal-schema.ts';
import type { NotifyChannel } from '../config/schema.ts';
import { messageOf } from '../errors.ts';
import type { StartProgram } from '../system/command.ts';
import type { Paths } from '../system/paths.ts';
import type { Language } from '../words/languages.ts';
import { speakerOf, type Speaker } from '../words/speaker.ts';
import { channelName } from './channel-name.ts';
import type { Notice } from './channel.ts';
import { createCourierChannel } from './courier-channel.ts';
import { testSignals } from './signal-units.ts';
import type { Courier } from './courier.ts';

/** The result of a test of one channel. */
export interface Outcome {
  readonly channel: string;
  readonly type: NotifyChannel['type'];
  readonly delivered: boolean;
  /** The answer, or the error; may be empty. */
  readonly said: string;
}

/** The parts of the station that a test needs. All channels of a test share the courier, and so its unit. */
interface Station {
  readonly start: StartProgram;
  readonly paths: Paths;
  readonly courier: Courier;
}

/** Sends one message through a channel; its settings events and quiet do not apply. Never throws. */
export async function tryChannel(
  entry: NotifyChannel,
  { start, paths, courier }: Station,
  language: Language,
): Promise<Outcome> {
  const about = { channel: channelName(entry), type: entry.type };
  if (entry.type === 'signal') return { ...about, ...(await trySignals(entry, start, paths)) };
  const channel = createCourierChannel(entry, courier);
  try {
    const said = await channel.send(aTest(speakerOf(language)), new AbortController().signal);
    return { ...about, delivered: true, said: typeof said === 'string' ? said : '' };
  } catch (error) {
    return { ...about, delivered: false, said: messageOf(error) };
  }
}

async function trySignals(
  entry: SignalChannel,
  start: StartProgram,
  paths: Paths,
): Promise<Pick<Outcome, 'delivered' | 'said'>> {
  const { lights, sounds } = await testSignals(start, paths, entry);
  const all = [...lights, ...sounds];
  if (all.length === 0) return { delivered: false, said: 'there is neither a light nor a sound' };
  const failed = all.filter(({ works }) => !works);
  const said = (failed.length === 0 ? all : failed).map((one) => `${one.name} ${one.said}`).join('; ');
  return { delivered: failed.length === 0, said };
}

/** The result in one line. */
export const describeOutcome = ({ channel, delivered, said }: Outcome): string =>
  `${channel}: ${delivered ? 'delivered' : 'NOT DELIVERED'}${said === '' ? '' : `: ${said}`}`;

const aTest = (words: Speaker): Notice => ({
  version: 1,
  id: randomUUID(),
  kind: 'test',
  priority: 'low',
  at: new Date().toISOString(),
  station: hostname(),
  language: words.language,
  subject: words.say('test.subject'),
  text: words.say('test.text'),
  event: 'notify:test',
  payload: {},
});
