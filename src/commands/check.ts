import { Command } from 'commander';
import { readStatus } from '../client/read-status.ts';
import { drillEvery } from '../config/drill-setting.ts';
import { rotationSetting } from '../config/rotation-setting.ts';
import { ExtbackupError, messageOf } from '../errors.ts';
import { readCheckState } from '../monitoring/check-state.ts';
import { judge, unknownState, type PluginAnswer } from '../monitoring/nagios.ts';
import { pluginExit } from '../monitoring/plugin-exit.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import type { JsonOutput } from './json-output.ts';

/** A plugin for Nagios, Icinga and other monitors with their exit codes. Always ends with 0 to 3. */
export function checkCommand(context: CliContext): Command {
  return new Command('check')
    .description('monitoring plugin: exit 0 ok, 1 warning, 2 critical, 3 unknown, with performance data')
    .option('--json', 'one JSON object in place of the plugin text')
    .addHelpText(
      'after',
      '\nExample, a line in sudoers for a monitoring server that asks over the network:\n' +
        '  nagios ALL=(root) NOPASSWD: /usr/bin/extbackup check\n\n' +
        'Other users than root need this, or the setting check.readable. Critical: the agent does not run,\n' +
        'a disk must not be unplugged, or no offline copy is fresh enough. Warning: every other warning of status.',
    )
    .action(async (options: { json?: boolean }) => {
      const { severity, text } = await answer(context);
      context.print(
        options.json === true ? JSON.stringify({ version: 1, severity, text } satisfies JsonOutput<'check'>) : text,
      );
      context.exitWith(pluginExit[severity]);
    });
}

/** For another user than root, from what the agent leaves for everybody. */
async function answerToAnybody({ paths }: CliContext, now: Date): Promise<PluginAnswer> {
  const state = await readCheckState(paths, now);
  return state === undefined
    ? unknownState(
        'Only root can read the state of the backups.',
        'Allow it for all users: extbackup config set check.readable true ; or see: extbackup check --help',
      )
    : judge(state.status, state.rotation, now);
}

async function answer(context: CliContext): Promise<PluginAnswer> {
  try {
    const now = new Date();
    if (process.getuid?.() !== 0) return await answerToAnybody(context, now);
    const { paths, start } = context;
    const loadConfig = () => context.loadConfig();
    const [rotation, every] = [await rotationSetting(loadConfig), await drillEvery(loadConfig)];
    return judge(await readStatus({ paths, start, rotation, drillEvery: every }, now), rotation, now);
  } catch (error) {
    return unknownState(messageOf(error), error instanceof ExtbackupError ? error.todo : 'See: extbackup doctor');
  }
}
