import { Command } from 'commander';
import { parse, stringify } from 'yaml';
import { exampleSettings } from '../config/example.ts';
import {
  checkConfig,
  loadConfig,
  parseConfig,
  positionIn,
  readSettingsText,
  readTrustedSettings,
} from '../config/load.ts';
import { problemLine, unknownSetting, type SettingProblem } from '../config/problem.ts';
import type { Config } from '../config/schema.ts';
import { namesBelow, schemaAt, settingsSchema, withDefaults } from '../config/settings-tree.ts';
import { updateConfig, type ConfigChange } from '../config/write.ts';
import { ConfigError, UsageError } from '../errors.ts';
import { whyNotOnThisMachine } from '../notify/local-trouble.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { requireRoot } from '../system/require-root.ts';
import { pathOf, readValue, settingAt } from './setting-path.ts';
import type { JsonOutput } from './json-output.ts';

/** The settings: shown, checked, changed. */
export function configCommand(context: CliContext): Command {
  const command = new Command('config')
    .description('show, check and change the settings')
    .addHelpText('after', '\nExample:\n  extbackup config set rotation.offline 10d');
  command
    .command('example')
    .description('print a settings file in which every setting is explained')
    .addHelpText('after', '\nExample:\n  extbackup config example | less')
    .action(() => {
      context.print(exampleSettings().trimEnd());
    });
  command
    .command('schema')
    .description('print the JSON Schema of the settings, for editors')
    .addHelpText('after', '\nExample:\n  extbackup config schema > /root/extbackup.schema.json')
    .action(() => {
      context.print(JSON.stringify(settingsSchema(), null, 2));
    });
  command
    .command('check')
    .argument('[file]', 'the file to check, if not the settings file')
    .description('check a settings file; every mistake is listed with its line')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  extbackup config check /root/config.yaml')
    .action((file: string | undefined, options: { json?: true }) => check(context, file, options));
  command
    .command('show')
    .argument('[key]', 'one setting, such as pull.retries')
    .description('show all settings, with the defaults of those that the file leaves out')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  extbackup config show rotation')
    .action((key: string | undefined, options: { json?: true }) => show(context, key, options));
  command
    .command('set')
    .argument('<key>', 'such as pull.retries, or notify.0.port for the first entry of a list')
    .argument('[value]', 'as in the file: 20m, 7, true, or a list: "[mail, projects]"')
    .description('change one setting; everything else in the file stays, comments too')
    .option('--default', 'remove the setting from the file, so that its default applies')
    .addHelpText('after', '\nExample:\n  extbackup config set rotation.offline 10d')
    .action((key: string, value: string | undefined, options: { default?: true }) => set(context, key, value, options));
  return command;
}

async function check(context: CliContext, file = context.paths.config, { json }: { json?: true }): Promise<void> {
  if (json !== true) {
    const text = await readSettingsText(file);
    const { notify } = parseConfig(text, file);
    if (file === context.paths.config) await loadConfig(file); // checks owner and mode, too
    const missing = await channelProblems(text, notify);
    if (missing.length > 0)
      throw new ConfigError(
        `Some channels cannot deliver notices:\n${missing.map((problem) => `  ${problemLine(problem)}`).join('\n')}`,
        'Correct them, then try: extbackup notify test',
      );
    context.print(`${file} has no mistake.`);
    return;
  }
  const text = await readSettingsText(file);
  const { config, problems: ofSchema } = checkConfig(text);
  const distrust = file === context.paths.config ? await whyNotTrusted(file) : [];
  const problems = [...distrust, ...ofSchema, ...(await channelProblems(text, config?.notify ?? []))];
  context.print(
    JSON.stringify({ version: 1, file, ok: problems.length === 0, problems } satisfies JsonOutput<'config check'>),
  );
  if (problems.length > 0) context.exitWith(2);
}

/** Owner and mode of the settings file, as a problem of its first line. */
async function whyNotTrusted(file: string): Promise<SettingProblem[]> {
  try {
    await readTrustedSettings(file);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [{ line: 1, column: 1, setting: '', problem: error.message.replace(/\.$/, '') }];
  }
}

/** Programs and files of channels that are missing on this machine, or that other users could change or read. */
async function channelProblems(text: string, channels: Config['notify']): Promise<SettingProblem[]> {
  const found = await Promise.all(channels.map((entry) => whyNotOnThisMachine(entry)));
  return found.flatMap((problem, index) =>
    problem === undefined ? [] : [{ ...positionIn(text, ['notify', index]), setting: `notify.${index}`, problem }],
  );
}

async function show(context: CliContext, key: string | undefined, { json }: { json?: true }): Promise<void> {
  const file = context.paths.config;
  await loadConfig(file);
  const all = withDefaults(parse(await readSettingsText(file)), settingsSchema());
  const shown = key === undefined ? all : settingAt(all, requireKnown(key));
  if (json === true) context.print(JSON.stringify(shown ?? null));
  else context.print(shown === undefined ? `${key ?? ''} is not set.` : stringify(shown, { lineWidth: 0 }).trimEnd());
}

async function set(
  context: CliContext,
  key: string,
  text: string | undefined,
  options: { default?: true },
): Promise<void> {
  requireRoot('change the settings');
  const path = requireKnown(key);
  if (path[0] === 'key')
    throw new UsageError(
      'The key derivation cannot be changed by hand: no disk would open any more.',
      'For another password: extbackup key change',
    );
  if ((text === undefined) !== (options.default === true))
    throw new UsageError('Give a value, or --default.', `For example: extbackup config set ${key} --default`);
  const file = context.paths.config;
  const present = await readTrustedSettings(file);
  const value = text === undefined ? undefined : readValue(text, schemaAt(path, settingsSchema()));
  parseConfig(present, file); // reports mistakes that are already in the file, with their lines
  const before = settingAt(withDefaults(parse(present), settingsSchema()), path);
  await change(file, path, value, key);
  const after = settingAt(withDefaults(parse(await readSettingsText(file)), settingsSchema()), path);
  const words = (setting: unknown): string => (setting === undefined ? 'not set' : JSON.stringify(setting));
  context.print(
    JSON.stringify(before) === JSON.stringify(after)
      ? `${key} stays ${words(after)}.`
      : `${key}: ${words(before)} -> ${words(after)}. The agent uses it at once; the present run keeps the old value.`,
  );
}

async function change(file: string, path: ConfigChange['path'], value: unknown, key: string): Promise<void> {
  try {
    await updateConfig(file, [{ path, value }]);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [, ...problems] = error.message.split('\n');
    const said = problems.map((problem) => problem.replace(/^ *line \d+, column \d+: /, '')).join('; ');
    throw new ConfigError(
      `${said === '' ? error.message : said.replace(/[^?]$/, '$&.')} Nothing was changed.`,
      `Its present value: extbackup config show ${key}`,
      error,
    );
  }
}

function requireKnown(key: string): [string, ...(string | number)[]] {
  const path = pathOf(key);
  if (schemaAt(path, settingsSchema()) === undefined) {
    const known = namesBelow(schemaAt(path.slice(0, -1), settingsSchema()));
    const problem = unknownSetting(String(path.at(-1)), { known });
    throw new UsageError(
      `${key}: ${problem}${problem.endsWith('?') ? '' : '.'}`,
      'All settings: extbackup config example',
    );
  }
  return path;
}
