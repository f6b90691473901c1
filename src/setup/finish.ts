import type { Config } from '../config/schema.ts';
import { createCourier } from '../notify/courier.ts';
import { describeOutcome, tryChannel } from '../notify/try-channel.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { stepsAfterAdoption } from './adopt-station.ts';
import type { ChannelAnswer } from './answers.ts';
import { letStationIn } from './let-station-in.ts';
import { nextSteps } from './next-steps.ts';

/** What the end of a set-up depends on. */
interface Ending {
  readonly ask: boolean;
  readonly adopt: string | undefined;
  readonly notify: ChannelAnswer | undefined;
  readonly directory: string | undefined;
}

/**
 * Everything after the settings are written. A person who stops here has a complete station.
 * @returns whether the server was seen to let the station read, and do nothing else
 */
export async function finishSetup(
  context: CliContext,
  config: Config,
  { ask, adopt, notify, directory = '/backups' }: Ending,
  hostKeyPinned: boolean,
): Promise<boolean> {
  const added = notify === undefined ? undefined : config.notify.at(-1);
  if (added) {
    const { start, paths } = context;
    const courier = createCourier(start, paths);
    context.print(describeOutcome(await tryChannel(added, { start, paths, courier }, config.language)));
  }
  const isIn = ask && adopt === undefined && hostKeyPinned && (await letStationIn(context, config, directory));
  const steps =
    adopt === undefined ? nextSteps(config, { hostKeyPinned, directory, isIn }) : await stepsAfterAdoption(context);
  for (const line of steps) context.print(line);
  return isIn;
}
