import { Argument, Command } from 'commander';
import { signal as signalSchema, type SignalChannel } from '../config/signal-schema.ts';
import { ConfigError, exitCodes, UsageError } from '../errors.ts';
import { playSignal, testStage, type SignalTest } from '../notify/play-signal.ts';
import { patternNames, patternSchema, patterns } from '../notify/signal-patterns.ts';
import { restoreLights, silence, stageDirectory } from '../notify/signal-stage.ts';
import { demonstrate, testSignals } from '../notify/signal-units.ts';
import { requireRoot } from '../system/require-root.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { untilInterrupted } from '../terminal/interrupt.ts';
import type { JsonOutput } from './json-output.ts';

/** Sound and light at the station. */
export function signalCommand(context: CliContext): Command {
  return new Command('signal')
    .description('try sound and light at the station')
    .addHelpText('after', '\nExample:\n  extbackup signal test')
    .addCommand(testCommand(context))
    .addCommand(showCommand(context))
    .addCommand(restoreCommand(context));
}

const testCommand = (context: CliContext): Command =>
  new Command('test')
    .description('show each light and play each sound, or show one pattern for some seconds')
    .addArgument(new Argument('[pattern]', 'the pattern').choices(patternNames))
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      '\nExample:\n  extbackup signal test\n  extbackup signal test safe\n\n' +
        'It uses the lights of the channel of type signal, or the lights of keyboards. It ends with 0 if there is a\n' +
        'light or a sound and all of them work, otherwise with 3.',
    )
    .action(async (name: string | undefined, options: { json?: boolean }) => {
      requireRoot('use lights and sounds');
      const settings = await settingsOf(context);
      const tried = await testSignals(context.start, context.paths, settings);
      context.print(
        options.json === true
          ? JSON.stringify({ version: 1, ...tried } satisfies JsonOutput<'signal test'>)
          : describe(tried),
      );
      const all = [...tried.lights, ...tried.sounds];
      if (all.length === 0 || all.some(({ works }) => !works)) context.exitWith(exitCodes.gaps);
      if (name === undefined || all.length === 0) return;
      const pattern = patternSchema.parse(name);
      if (options.json !== true)
        context.print(`${pattern}: ${patterns[pattern].lightInWords}; ${patterns[pattern].soundInWords}`);
      await demonstrate(context.start, context.paths, pattern, settings);
    });

const showCommand = (context: CliContext): Command =>
  new Command('show')
    .description('show a pattern until it is over (used by extbackup-signal@.service)')
    .argument('<pattern>', `${patternNames.join(', ')}, or test`)
    .addHelpText('after', '\nExample:\n  systemctl cat extbackup-signal@')
    .action(async (name: string) => {
      const pattern = patternSchema.safeParse(name).data;
      if (pattern === undefined && name !== 'test')
        throw new UsageError('There is no such pattern.', `Use one of: ${patternNames.join(', ')}`);
      await untilInterrupted(async (ended) => {
        const stage = stageDirectory(context.paths);
        if (pattern) await playSignal(pattern, stage, context.start, ended);
        else context.print(JSON.stringify(await testStage(stage, context.start, ended)));
      });
    });

const restoreCommand = (context: CliContext): Command =>
  new Command('restore')
    .description('make each light as it was before (used by extbackup-signal@.service)')
    .addHelpText('after', '\nExample:\n  systemctl cat extbackup-signal@')
    .action(async () => {
      const stage = stageDirectory(context.paths);
      await silence(stage);
      await restoreLights(stage);
    });

/** The settings of the channel, or the usual ones. */
async function settingsOf(context: CliContext): Promise<SignalChannel> {
  const usual = signalSchema.parse({ type: 'signal' });
  try {
    return (await context.loadConfig()).notify.find((entry) => entry.type === 'signal') ?? usual;
  } catch (error) {
    if (error instanceof ConfigError) return usual;
    throw error;
  }
}

const names = { speaker: 'Speaker', alsa: 'Sound card' };

function describe({ lights, sounds }: SignalTest): string {
  const line = (what: string, { works, said }: { works: boolean; said: string }): string =>
    `${what}: ${works ? '' : 'FAILED: '}${said}`;
  const has = (name: 'speaker' | 'alsa'): boolean => sounds.some((sound) => sound.name === name);
  return [
    ...lights.map((light) => line(`Light ${light.name}`, light)),
    ...(lights.length === 0 ? ['Lights: none that the settings name; see: ls /sys/class/leds'] : []),
    ...sounds.map((sound) => line(names[sound.name], sound)),
    ...(has('speaker') ? [] : ['Speaker: none, or its driver is not loaded: modprobe pcspkr']),
    ...(has('alsa') ? [] : ['Sound card: none, or aplay is not installed: apt-get install alsa-utils']),
  ].join('\n');
}
