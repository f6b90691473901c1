import type { NotifyChannel } from '../config/schema.ts';
import type { RunCommand } from '../system/command.ts';
import type { Channel } from './channel.ts';
import { createCommandChannel } from './command-channel.ts';
import { createMailChannel } from './mail-channel.ts';

/** The channel that an entry of `notify:` asks for. A new kind of channel gets its line here. */
export function makeChannel(settings: NotifyChannel, run: RunCommand): Channel {
  switch (settings.type) {
    case 'command':
      return createCommandChannel(settings, run);
    case 'mail':
      return createMailChannel(settings);
  }
}
