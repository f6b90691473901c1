import { totalmem } from 'node:os';
import type { CliContext } from '../terminal/cli-context.ts';
import { configSchema, type Config, type KeySettings } from '../config/schema.ts';
import { parseSource } from '../config/source-schema.ts';
import { loadConfig } from '../config/load.ts';
import { previewConfig, updateConfig, writeNewConfig, type ConfigChange } from '../config/write.ts';
import { KeyError, UsageError } from '../errors.ts';
import { readIfThere } from '../system/atomic-file.ts';
import { files } from '../system/paths.ts';
import type { Secret } from '../system/secret.ts';
import { adoptStation, findStation } from './adopt-station.ts';
import { askPassword, newPassword } from '../terminal/ask-password.ts';
import { sayIfDerivationIsSlow } from '../terminal/say-if-slow.ts';
import { untilRight } from '../terminal/three-tries.ts';
import { cadenceText } from './answers.ts';
import { finishSetup } from './finish.ts';
import { interview, type Answers } from './interview.ts';
import { checkValueOf, chooseScryptParameters, scryptParametersWithin } from '../keys/derivation.ts';
import { writeHostKeys, type Trust } from '../keys/host-key.ts';
import { withKeyLock } from '../keys/key-lock.ts';
import { checkPassword } from '../keys/password.ts';
import { protectMemory } from '../keys/process-hygiene.ts';
import { ensureRamfs } from '../keys/ram-directory.ts';
import { makeSalt, readSaltIfThere, readSalts, writeNewSalt } from '../keys/salt.ts';
import { nudgeAgent } from '../protocol/nudge.ts';
import { settleHostKeys } from './settle-host-key.ts';
import { offerConversion } from '../keys/ssh-container.ts';
import { loadSshKey, makeSshKey, type SshKeyType } from '../keys/ssh-key.ts';
import { buildKey, findKey, isKeyLoaded, loadKeys } from '../keys/unlock.ts';

/** The flags of `setup`. */
export interface SetupWishes extends Answers {
  /** Script, or directory with scripts, of a machine that was set up by hand; undefined for a new one. */
  readonly adopt: string | undefined;
  readonly trust: Trust | undefined;
  /** Pin also a key that takes the place of a pinned one. */
  readonly replaceHostKey?: boolean;
  readonly passwordFromStdin: boolean;
  /** Whether questions may be asked. */
  readonly ask: boolean;
  readonly keyType: SshKeyType;
  /** Memory for the key derivation; undefined lets the machine's memory decide. */
  readonly scryptBytes: number | undefined;
}

/** A station that is set up. */
export interface ReadyStation {
  readonly config: Config;
  /** Whether the server was seen to let the station read, and do nothing else. */
  readonly isIn: boolean;
}

/**
 * Makes the missing parts of a station and keeps the others: settings, salt, key, ssh key, host key. The keys are loaded afterwards.
 * Each step leaves a state in which `setup` can be run again.
 */
export async function setUpStation(context: CliContext, wishes: SetupWishes): Promise<ReadyStation> {
  await protectMemory(context.start);
  return withKeyLock(context.paths, async () => {
    const { paths } = context;
    const isNew = (await readIfThere(paths.config)) === undefined;
    await ensureRamfs(context.start, paths.ramfs); // refuse before asking or writing anything
    if (!isNew && (wishes.source ?? wishes.port) !== undefined && (await loadConfig(paths.config)).sources)
      throw hasSeveralSources(paths.config);
    const isGuided = wishes.ask && wishes.adopt === undefined;
    const present = isNew || !isGuided ? undefined : await loadConfig(paths.config);
    const answers = isGuided ? await interview(context, wishes, present, wishes.trust !== undefined) : wishes;
    const all = { ...wishes, ...answers };
    const config = await (wishes.adopt === undefined
      ? isNew
        ? makeConfig(context, all)
        : adjustConfig(context, all)
      : adopt(context, all, wishes.adopt));
    if (all.recognised) await writeHostKeys(config.ssh.knownHosts, all.recognised.server, all.recognised.keys);
    const mayAsk = wishes.ask && (!isGuided || wishes.trust !== undefined || config.sources !== undefined);
    const pinned = await settleHostKeys(context, config, { ...all, ask: mayAsk });
    return { config, isIn: await finishSetup(context, config, all, pinned) };
  });
}

async function makeConfig(context: CliContext, wishes: SetupWishes): Promise<Config> {
  const { paths } = context;
  const source = checkSource(wishes.source);
  const scrypt =
    wishes.scryptBytes === undefined ? chooseScryptParameters(totalmem()) : scryptParametersWithin(wishes.scryptBytes);
  const settings = { derivation: 'scrypt' as const, scrypt };
  const typed = await askPassword({ ...newPassword, fromStdin: wishes.passwordFromStdin });
  if ((await readSaltIfThere(files.salt(paths))) === undefined) await writeNewSalt(files.salt(paths), makeSalt());
  const key = await sayIfDerivationIsSlow(context, buildKey(paths, settings, typed));
  const ssh = sshFiles(paths.etc, wishes.keyType);
  try {
    await loadOrMake(context, { ...defaultSsh, ...ssh }, key, { proven: false, type: wishes.keyType });
    // Last: an ssh key from an earlier, interrupted set-up must open with the key before that key is recorded.
    await writeNewConfig(paths.config, {
      source,
      port: wishes.port ?? 22,
      key: { ...settings, check: checkValueOf('scrypt', key) },
      ssh,
    });
    return await updateConfig(paths.config, habitsOf(wishes, 0));
  } finally {
    key.wipe();
  }
}

/** Writes nothing before the password is known to be right. */
async function adjustConfig(context: CliContext, wishes: SetupWishes): Promise<Config> {
  const { paths } = context;
  const changes = [...changesOf(wishes), ...habitsOf(wishes, (await loadConfig(paths.config)).notify.length)];
  const before = await previewConfig(paths.config, changes);
  await readSalts(files.salt(paths), before.key.derivation);
  if (!wishes.passwordFromStdin && before.key.check !== undefined && (await isKeyLoaded(paths, before.key))) {
    const form = await loadSshKey(context.start, paths, before.ssh);
    if (form === 'absent') await makeSshKey(context.start, paths, before.ssh, wishes.keyType);
    await nudgeAgent(paths, 'unlock');
    return updateConfig(paths.config, changes);
  }
  const isFirst = before.key.check === undefined;
  const key = await untilRight(wishes.passwordFromStdin, async () => {
    const typed = await askForKey(wishes, before.key.derivation, isFirst);
    return sayIfDerivationIsSlow(context, buildKey(paths, before.key, typed));
  }).catch((error: unknown) => {
    throw hasAnotherPassword(error);
  });
  try {
    await loadOrMake(context, before.ssh, key, { proven: !isFirst, type: wishes.keyType });
    return await updateConfig(paths.config, [...changes, ...checkOf(before, key)]);
  } finally {
    key.wipe();
  }
}

const hasSeveralSources = (file: string): UsageError =>
  new UsageError(
    'The settings name several sources, so --source and --port are ambiguous.',
    `Change them in ${file}, under sources:, then run again: extbackup setup`,
  );

/** Like {@link adjustConfig}, with the salt and the check value that the old scripts hold. */
async function adopt(context: CliContext, wishes: SetupWishes, place: string): Promise<Config> {
  const { paths } = context;
  const found = await findStation(context, { place, source: wishes.source, port: wishes.port });
  const isFirst = found.settings.check === undefined;
  const key = await untilRight(wishes.passwordFromStdin, async () => {
    const typed = await askForKey(wishes, found.settings.derivation, isFirst);
    return sayIfDerivationIsSlow(context, findKey(found.settings, typed, [found.salt]));
  });
  try {
    const config = await adoptStation(context, found);
    await loadOrMake(context, config.ssh, key.key, { proven: !isFirst, type: wishes.keyType });
    return await updateConfig(paths.config, checkOf(config, key.key));
  } finally {
    key.key.wipe();
  }
}

const askForKey = (
  { passwordFromStdin: fromStdin }: SetupWishes,
  derivation: KeySettings['derivation'],
  isFirst: boolean,
): Promise<Secret> => {
  const check = (typed: Secret): Secret => checkPassword(derivation, typed);
  return askPassword(
    isFirst
      ? { ...newPassword, check, fromStdin }
      : { message: 'Password of the backup disks:', twice: false, check, fromStdin },
  );
};

/** The check value, where none is stored yet. */
const checkOf = ({ key: { check, derivation } }: Config, key: Secret): ConfigChange[] =>
  check === undefined ? [{ path: ['key', 'check'], value: checkValueOf(derivation, key) }] : [];

/** `setup` never changes the password; only `key change` does. */
function hasAnotherPassword(error: unknown): unknown {
  if (!(error instanceof KeyError) || error.code !== 'EXB_KEY_REJECTED') return error;
  return new KeyError(
    'EXB_KEY_REJECTED',
    'This station is set up already, with another password; the keys were left as they are.',
    'Give the present password, or set a new one: extbackup key change',
    error,
  );
}

async function loadOrMake(
  context: CliContext,
  ssh: Config['ssh'],
  key: Secret,
  how: { readonly proven: boolean; readonly type: SshKeyType },
): Promise<void> {
  const { paths, start } = context;
  const form = await loadKeys({ start, paths }, { ssh }, key, how.proven);
  offerConversion(context, form);
  if (form !== 'absent') return;
  await makeSshKey(start, paths, ssh, how.type);
  await nudgeAgent(paths, 'unlock'); // the first nudge came before there was an ssh key
}

const defaultSsh = configSchema.shape.ssh.parse(undefined);

/** The settings for the paths of the ssh key; none when the paths are the default ones. */
function sshFiles(etc: string, type: SshKeyType): Partial<Config['ssh']> {
  const wanted = {
    key: `${etc}/id_${type}.encrypted`,
    publicKey: `${etc}/id_${type}.pub`,
    knownHosts: `${etc}/known_hosts`,
  };
  return wanted.key === defaultSsh.key && wanted.knownHosts === defaultSsh.knownHosts ? {} : wanted;
}

/** How often disks are expected, and a further channel for notices. */
const habitsOf = ({ every, notify }: SetupWishes, channels: number): ConfigChange[] => [
  ...(every === undefined || every === cadenceText(undefined)
    ? []
    : [{ path: ['rotation', 'every'], value: every } as const]),
  ...(notify === undefined ? [] : [{ path: ['notify', channels], value: notify } as const]),
];

function changesOf(wishes: SetupWishes): ConfigChange[] {
  return [
    ...(wishes.source === undefined ? [] : [{ path: ['source'], value: checkSource(wishes.source) } as const]),
    ...(wishes.port === undefined ? [] : [{ path: ['port'], value: wishes.port } as const]),
  ];
}

function checkSource(source: string | undefined): string {
  if (source === undefined || source === '')
    throw new UsageError(
      'The backup server is not known yet.',
      'Name it: extbackup setup --source extbackup@backup.example.org',
    );
  if (!parseSource(source))
    throw new UsageError(
      `--source ${source} is not USER@HOST or USER@HOST:PATH.`,
      'For example: extbackup setup --source extbackup@backup.example.org',
    );
  return source;
}
