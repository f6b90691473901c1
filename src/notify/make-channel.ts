import type { NotifyChannel } from '../config/schema.ts';
import type { StartProgram } from '../system/command.ts';
import type { Channel } from './channel.ts';
import { createCommandChannel } from './command-channel.ts';
import { createMailChannel } from './mail-channel.ts';

/** The channel that an entry of `notify:` asks for. A new kind of channel gets its line here. */
export function makeChannel(settings: NotifyChannel, start: StartProgram): Channel {
  switch (settings.type) {
    case 'command':
      return createCommandChannel(settings, start);
    case 'mail':
      return createMailChannel(settings);
  }
}
