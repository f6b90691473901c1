/** Makes the channels of the settings, and gives them the agent's notices. */
import { hostname } from 'node:os';
import type { Bus } from '../bus/bus.ts';
import type { Config } from '../config/schema.ts';
import { messageOf } from '../errors.ts';
import { createCourierChannel } from '../notify/courier-channel.ts';
import type { Courier } from '../notify/courier.ts';
import { startDispatcher, type Dispatcher, type Subscription, type WarnLog } from '../notify/dispatcher.ts';
import { channelName } from '../notify/channel-name.ts';
import { createNoticeSpool } from '../notify/notice-spool.ts';
import { createNoticeMaker, type NoticeContext } from '../notify/notices.ts';
import { whyNotOnThisMachine } from '../notify/local-trouble.ts';
import { files, type Paths } from '../system/paths.ts';

/** The parts of the agent that notices use. */
export interface TellerParts {
  readonly bus: Bus;
  readonly log: WarnLog;
  readonly paths: Paths;
  readonly courier: Courier;
  /** The last valid settings; undefined before the first ones. */
  readonly settings: () => Config | undefined;
  readonly context: NoticeContext;
  readonly onHealth: () => void;
}

/** Sends notices to the operator. */
export interface Teller extends Pick<Dispatcher, 'health' | 'stop'> {
  /** The settings were read again, and are valid. */
  onSettings(): Promise<void>;
}

/** Starts sending notices, first those that a former agent did not deliver. */
export async function startTelling(parts: TellerParts): Promise<Teller> {
  const { bus, log, paths, context, onHealth } = parts;
  const spool = createNoticeSpool(files.outbox(paths), (error) => {
    log.warn({ event: 'agent:trouble', reason: messageOf(error) }, 'a notice cannot be kept until it is delivered');
  });
  const leftovers = await spool.leftovers();
  const maker = createNoticeMaker(hostname(), () => new Date(), context);
  const dispatcher = startDispatcher(bus, maker, subscriptionsOf(parts), log, {}, { spool, leftovers }, onHealth);
  const checkChannels = channelCheck(parts);
  await checkChannels();
  return {
    health: () => dispatcher.health(),
    stop: (graceMs) => dispatcher.stop(graceMs),
    onSettings: async () => {
      dispatcher.use(subscriptionsOf(parts));
      onHealth();
      await checkChannels();
    },
  };
}

const subscriptionsOf = ({ settings, courier }: TellerParts): Subscription[] =>
  (settings()?.notify ?? [])
    .filter((entry) => entry.type !== 'signal')
    .map((entry) => ({
      channel: createCourierChannel(entry, courier),
      ...{ events: entry.events, held: entry.held, atLeast: entry.atLeast, quiet: entry.quiet },
    }));

/** Warns of missing programs and files of a channel before a notice is lost. */
function channelCheck({ bus, settings }: TellerParts): () => Promise<void> {
  let warned = new Set<string>();
  return async () => {
    const wrong = new Map<string, string>();
    for (const entry of settings()?.notify ?? []) {
      const reason = await whyNotOnThisMachine(entry);
      if (reason !== undefined) wrong.set(`channel ${channelName(entry)}`, reason);
    }
    for (const topic of warned) if (!wrong.has(topic)) bus.emit('warning:settled', { topic });
    for (const [topic, reason] of wrong) {
      if (warned.has(topic)) continue;
      const todo = 'Correct it in the settings, then try it: extbackup notify test';
      bus.emit('warning:raised', {
        about: 'channel',
        reason: `Nobody is told by the ${topic}: ${reason}.`,
        todo,
        topic,
      });
    }
    warned = new Set(wrong.keys());
  };
}
