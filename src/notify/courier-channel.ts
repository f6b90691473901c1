import type { SentChannel } from '../config/schema.ts';
import { channelName } from './channel-name.ts';
import type { Channel } from './channel.ts';
import type { Courier } from './courier.ts';

/** The agent's channel for an entry of `notify:`: a unit with a network delivers the notices. */
export function createCourierChannel(settings: SentChannel, courier: Courier): Channel {
  return {
    name: channelName(settings),
    send: async (notice, signal) => {
      const { failure, said } = await courier({ kind: 'notice', channel: settings, notice }, settings.timeout, signal);
      if (failure !== undefined) throw new Error(failure);
      return said;
    },
    probe: async (signal) => {
      const { failure } = await courier({ kind: 'probe', channel: settings }, settings.timeout, signal);
      if (failure !== undefined) throw new Error(failure);
    },
  };
}
