import type { NotifyChannel } from '../config/schema.ts';
import { channelName } from './channel-name.ts';
import type { Channel } from './channel.ts';
import type { Courier } from './courier.ts';

/** The channel that an entry of `notify:` asks for, as the agent has it: a unit with a network delivers. */
export function createCourierChannel(settings: NotifyChannel, courier: Courier): Channel {
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
