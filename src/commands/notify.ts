import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Command } from 'commander';
import type { NotifyChannel } from '../config/schema.ts';
import { exitCodes, messageOf, UsageError } from '../errors.ts';
import { channelName } from '../notify/channel-name.ts';
import type { Notice } from '../notify/channel.ts';
import { createCourierChannel } from '../notify/courier-channel.ts';
import { createCourier } from '../notify/courier.ts';
import { requireRoot } from '../system/require-root.ts';
import type { CliContext } from '../terminal/cli-context.ts';

/** What came back from one channel. */
interface Outcome {
  readonly channel: string;
  readonly type: NotifyChannel['type'];
  readonly delivered: boolean;
  /** What was answered, or what went wrong; empty when nothing was said. */
  readonly said: string;
}

/** Tries the channels of the settings. */
export function notifyCommand(context: CliContext): Command {
  const test = new Command('test')
    .description('send one message and show the answer')
    .argument('[channel]', 'name or type of the channel (default: all channels)')
    .option('--json', 'one JSON array')
    .addHelpText(
      'after',
      '\nExample:\n  extbackup notify test ntfy\n\nIt ends with 0 if every message was delivered, otherwise with 2. The settings events, atLeast and\n' +
        'quiet do not apply to it. A ping goes to the log address, and does not count as a sign of life.',
    )
    .action(async (which: string | undefined, options: { json?: boolean }) => {
      requireRoot('try the channels');
      const channels = pick((await context.loadConfig()).notify, which);
      const outcomes = await Promise.all(channels.map((entry) => tryChannel(entry, context)));
      context.print(options.json === true ? JSON.stringify(outcomes) : outcomes.map(describe).join('\n'));
      if (outcomes.some(({ delivered }) => !delivered)) context.exitWith(exitCodes.usage);
    });
  return new Command('notify')
    .description('try the channels for notices')
    .addHelpText('after', '\nExample:\n  extbackup notify test')
    .addCommand(test);
}

function pick(all: readonly NotifyChannel[], which: string | undefined): readonly NotifyChannel[] {
  if (all.length === 0)
    throw new UsageError(
      'The settings name nobody to tell: notify is empty.',
      'Examples: /usr/share/doc/extbackup/examples/config.yaml',
    );
  if (which === undefined) return all;
  const named = all.filter((entry) => channelName(entry) === which);
  const picked = named.length > 0 ? named : all.filter(({ type }) => type === which);
  if (picked.length > 0) return picked;
  throw new UsageError(`No channel is called ${which}.`, `There are: ${all.map(channelName).join(', ')}.`);
}

async function tryChannel(entry: NotifyChannel, { runCommand, paths }: CliContext): Promise<Outcome> {
  const about = { channel: channelName(entry), type: entry.type };
  const channel = createCourierChannel(entry, createCourier(runCommand, paths));
  try {
    const said = await channel.send(aTest(), new AbortController().signal);
    return { ...about, delivered: true, said: typeof said === 'string' ? said : '' };
  } catch (error) {
    return { ...about, delivered: false, said: messageOf(error) };
  }
}

const describe = ({ channel, delivered, said }: Outcome): string =>
  `${channel}: ${delivered ? 'delivered' : 'NOT DELIVERED'}${said === '' ? '' : `: ${said}`}`;

const aTest = (): Notice => ({
  version: 1,
  id: randomUUID(),
  kind: 'test',
  priority: 'low',
  at: new Date().toISOString(),
  station: hostname(),
  subject: 'This is a test, nothing has happened',
  text: 'Somebody tries whether notices of extbackup arrive here (extbackup notify test). They do.',
  event: 'notify:test',
  payload: {},
});
