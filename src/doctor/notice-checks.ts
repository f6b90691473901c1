import { readAgentStatus } from '../client/read-status.ts';
import type { NotifyChannel } from '../config/schema.ts';
import { channelName } from '../notify/channel-name.ts';
import { createCourierChannel } from '../notify/courier-channel.ts';
import { createCourier, type Courier } from '../notify/courier.ts';
import { whyNotOnThisMachine } from '../notify/local-trouble.ts';
import type { SignalChannel } from '../config/signal-schema.ts';
import { findSignals } from '../notify/signal-stage.ts';
import { count } from '../text/wording.ts';
import { fail, ok, warn, type Check, type ConfiguredPatient } from './check.ts';
import { zonedTime } from '../text/local-time.ts';

/** Whether the channels can deliver notices. */
export const noticeChecks: readonly Check<ConfiguredPatient>[] = [
  {
    name: 'notices',
    check: async (patient) => {
      const channels = patient.config.notify;
      if (channels.length === 0) return ok('Notices go to the journal only (setting notify).');
      const courier = createCourier(patient.start, patient.paths);
      const troubles = (await Promise.all(channels.map((entry) => troubleOf(entry, patient, courier)))).flatMap(
        (trouble) => trouble ?? [],
      );
      if (troubles.length === 0) return ok(`Notices: ${channels.map(channelName).join(', ')} can be reached.`);
      const nobody = troubles.length === channels.length;
      return (nobody ? fail : warn)(
        `${nobody ? 'Nobody is told' : 'Not everybody is told'}: ${troubles.join('; ')}.`,
        'Correct it, then try: extbackup notify test',
      );
    },
  },
];

async function troubleOfSignals(entry: SignalChannel): Promise<string | undefined> {
  const { lights, speaker, alsa } = await findSignals(entry);
  const isThere = lights.length > 0 || speaker || alsa;
  return isThere ? undefined : `${channelName(entry)}: there is neither a light nor a sound`;
}

/** Why a channel does not deliver: the machine, the connection, or its last error. */
async function troubleOf(
  entry: NotifyChannel,
  { paths }: ConfiguredPatient,
  courier: Courier,
): Promise<string | undefined> {
  const name = channelName(entry);
  const local = await whyNotOnThisMachine(entry);
  if (local !== undefined) return `${name}: ${local}`;
  if (entry.type === 'signal') return troubleOfSignals(entry);
  try {
    await createCourierChannel(entry, courier).probe?.(new AbortController().signal);
  } catch (error) {
    return `${name}: ${error instanceof Error ? error.message : 'cannot be reached'}`;
  }
  const told = (await readAgentStatus(paths))?.channels.find((channel) => channel.name === name);
  if (told === undefined || told.error === null) return undefined;
  const waiting = told.undelivered === 0 ? '' : `${count(told.undelivered, 'notice')} undelivered `;
  return `${name}: ${waiting}${told.since === null ? '' : `since ${zonedTime(told.since)}: `}${told.error}`;
}
