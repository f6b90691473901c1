import { Command } from 'commander';
import type { Config } from '../config/schema.ts';
import { askPassword, askThroughSystemd, newPassword } from '../terminal/ask-password.ts';
import { sayIfDerivationIsSlow } from '../terminal/say-if-slow.ts';
import { untilRight } from '../terminal/three-tries.ts';
import { checkPassword } from '../keys/password.ts';
import { withKeyLock } from '../keys/key-lock.ts';
import { addFstabLine } from '../setup/fstab.ts';
import { linkIdentity } from '../setup/link-identity.ts';
import { confirmFirstKey, rememberCheck } from '../setup/first-check.ts';
import { nudgeAgent } from '../protocol/nudge.ts';
import { protectMemory } from '../keys/process-hygiene.ts';
import { completeIfInForce, nextKeyFile } from '../rekey/resume-change.ts';
import { offerConversion } from '../keys/ssh-container.ts';
import { identityFile, loadSshKey } from '../keys/ssh-key.ts';
import { buildKey, isKeyLoaded, loadKeys } from '../keys/unlock.ts';
import { isThere } from '../system/is-there.ts';
import { files } from '../system/paths.ts';
import type { Secret } from '../system/secret.ts';
import type { CliContext } from '../terminal/cli-context.ts';

interface UnlockOptions {
  readonly passwordStdin?: true;
  readonly askSystemd?: true;
  readonly first?: true;
  readonly fstab?: true;
  readonly linkSsh?: true;
}

/** Builds the keys in RAM from the password. */
export function unlockCommand(context: CliContext): Command {
  return new Command('unlock')
    .description('build the keys in RAM from the password')
    .option('--password-stdin', 'read the password from standard input instead of asking')
    .option('--ask-systemd', 'ask through systemd-ask-password, for example on the console')
    .option('--first', 'first setup: accept the password although no check value is stored yet')
    .option('--fstab', 'also add a line to /etc/fstab that mounts the ramfs at every boot')
    .option('--link-ssh', 'also make ~/.ssh/id_… a link to the decrypted ssh key')
    .addHelpText('after', '\nExample:\n  extbackup unlock')
    .action((options: UnlockOptions) => unlock(context, options));
}

async function unlock(context: CliContext, options: UnlockOptions): Promise<void> {
  const { paths, start } = context;
  await protectMemory(start);
  if (await isThere(nextKeyFile(files.luksKey(paths))))
    await withKeyLock(paths, async () => completeIfInForce(context, await context.loadConfig()));
  // Before the lock is taken: an unanswered prompt must not block other commands.
  const { key: settings } = await context.loadConfig();
  if (settings.check === undefined && options.first !== true) await confirmFirstKey(context);
  let isRight = false;
  const attempt = async (): Promise<void> => {
    const typed = await askUnlessLoaded(context, options);
    await withKeyLock(paths, async () => {
      const config = await context.loadConfig();
      if (typed === undefined) await completeLoaded(context, config);
      else
        await load(context, config, typed, () => {
          isRight = true;
        });
    });
  };
  await untilRight(options.passwordStdin === true, attempt, () => !isRight);
  await withKeyLock(paths, async () => {
    const config = await context.loadConfig();
    if (options.fstab === true) context.note(await addFstabLine('/etc/fstab', paths.ramfs));
    if (options.linkSsh === true) context.note(await linkIdentity(identityFile(paths, config.ssh)));
  });
}

/** @returns undefined when the key is loaded already */
async function askUnlessLoaded(context: CliContext, options: UnlockOptions): Promise<Secret | undefined> {
  const { key } = await context.loadConfig();
  const isFirst = key.check === undefined;
  const fromStdin = options.passwordStdin === true;
  if (!fromStdin && !isFirst && (await isKeyLoaded(context.paths, key))) return undefined;
  const check = (typed: Secret): Secret => checkPassword(key.derivation, typed);
  const question = isFirst
    ? { ...newPassword, check }
    : { message: 'Password of the backup disks:', twice: false, check };
  return options.askSystemd === true
    ? askThroughSystemd(context.start, question, 10)
    : askPassword({ ...question, fromStdin });
}

/** The LUKS key is loaded. The ssh key may be newer: load it, too. */
async function completeLoaded(context: CliContext, config: Config): Promise<void> {
  const { paths, start } = context;
  if (await isThere(identityFile(paths, config.ssh))) {
    context.print('The key is loaded already.');
    return;
  }
  const form = await loadSshKey(start, paths, config.ssh);
  await nudgeAgent(paths, 'unlock');
  context.print(
    form === 'absent'
      ? 'The LUKS key is loaded already. There is no ssh key yet: extbackup setup'
      : 'The LUKS key was loaded already; the ssh key is loaded now, too.',
  );
  offerConversion(context, form);
}

async function load(context: CliContext, config: Config, typed: Secret, onRight: () => void): Promise<void> {
  const { paths, start } = context;
  const isFirst = config.key.check === undefined;
  const key = await sayIfDerivationIsSlow(context, buildKey(paths, config.key, typed));
  onRight();
  try {
    const form = await loadKeys({ start, paths }, config, key, !isFirst);
    if (isFirst) await rememberCheck(paths.config, config.key, key);
    context.print(
      form === 'absent' ? 'The LUKS key is loaded. There is no ssh key yet: extbackup setup' : 'The keys are loaded.',
    );
    offerConversion(context, form);
  } finally {
    key.wipe();
  }
}
