import type { NotifyChannel } from '../config/schema.ts';
import type { Courier } from './courier.ts';
import type { Channel } from './channel.ts';

/** The channel that an entry of `notify:` asks for, as the agent has it: a unit with a network delivers. */
export function createCourierChannel(settings: NotifyChannel, courier: Courier): Channel {
  return {
    name: settings.type === 'mail' ? `mail to ${settings.to}` : `command ${settings.command}`,
    send: async (notice, signal) => {
      const failure = await courier({ kind: 'notice', channel: settings, notice }, settings.timeout, signal);
      if (failure !== undefined) throw new Error(failure);
    },
  };
}
