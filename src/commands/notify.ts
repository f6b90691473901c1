import { Command } from 'commander';
import type { NotifyChannel } from '../config/schema.ts';
import { exitCodes, UsageError } from '../errors.ts';
import { channelName } from '../notify/channel-name.ts';
import { createCourier } from '../notify/courier.ts';
import { describeOutcome, tryChannel } from '../notify/try-channel.ts';
import { requireRoot } from '../system/require-root.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import type { JsonOutput } from './json-output.ts';

/** Tries the channels of the settings. */
export function notifyCommand(context: CliContext): Command {
  const test = new Command('test')
    .description('send one message and show the answer')
    .argument('[channel]', 'name or type of the channel (default: all channels)')
    .option('--json', 'one JSON array')
    .addHelpText(
      'after',
      '\nExample:\n  extbackup notify test ntfy\n\n' +
        'It ends with 0 if every message was delivered, otherwise with 3. The settings events, atLeast and\n' +
        'quiet do not apply to it. A ping goes to the log address, and does not count as a sign of life.',
    )
    .action(async (which: string | undefined, options: { json?: boolean }) => {
      requireRoot('try the channels');
      const { notify, language } = await context.loadConfig();
      const channels = pick(notify, which);
      const { start, paths } = context;
      const courier = createCourier(start, paths);
      const outcomes = await Promise.all(
        channels.map((entry) => tryChannel(entry, { start, paths, courier }, language)),
      );
      context.print(
        options.json === true
          ? JSON.stringify(outcomes satisfies JsonOutput<'notify test'>)
          : outcomes.map(describeOutcome).join('\n'),
      );
      if (outcomes.some(({ delivered }) => !delivered)) context.exitWith(exitCodes.gaps);
    });
  return new Command('notify')
    .description('try the channels for notices')
    .addHelpText('after', '\nExample:\n  extbackup notify test')
    .addCommand(test);
}

function pick(all: readonly NotifyChannel[], which: string | undefined): readonly NotifyChannel[] {
  if (all.length === 0)
    throw new UsageError(
      'The settings have no channel: notify is empty.',
      'Examples: /usr/share/doc/extbackup/examples/config.yaml',
    );
  if (which === undefined) return all;
  const named = all.filter((entry) => channelName(entry) === which);
  const picked = named.length > 0 ? named : all.filter(({ type }) => type === which);
  if (picked.length > 0) return picked;
  throw new UsageError(`No channel is called ${which}.`, `There are: ${all.map(channelName).join(', ')}.`);
}
