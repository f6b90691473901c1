import { readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Config } from '../config/schema.ts';
import { serversOf, type PullSource } from '../config/sources.ts';
import { updateConfig } from '../config/write.ts';
import { PullError } from '../errors.ts';
import { setupCommands } from '../setup/setup-commands.ts';
import { readIfThere } from '../system/atomic-file.ts';
import { CommandError } from '../system/command.ts';
import { serverName } from '../rsync/arguments.ts';
import { startInBox } from '../rsync/connect-in-box.ts';
import { wayTo } from '../rsync/way.ts';
import { files } from '../system/paths.ts';
import { nudgeAgent } from '../protocol/nudge.ts';
import { requireKey, wipeFile } from '../keys/ram-key-ring.ts';
import { encryptToContainer } from '../keys/ssh-container.ts';
import {
  identityFile,
  loadSshKey,
  makeSshKey,
  nextSshKey,
  type SshKeyFiles,
  type SshKeyType,
} from '../keys/ssh-key.ts';
import type { KeyStation } from '../keys/unlock.ts';

/** Whether there is a new ssh key that is not in use yet. */
export async function isRotating(ssh: SshKeyFiles): Promise<boolean> {
  return (await readIfThere(nextSshKey(ssh).key)) !== undefined;
}

/**
 * Makes the key that will replace the present one. The present one stays in use.
 * @returns the public half, one line
 */
export async function startRotation({ start, paths }: KeyStation, ssh: SshKeyFiles, type: SshKeyType): Promise<string> {
  await requireKey(paths);
  await makeSshKey(start, paths, nextSshKey(ssh), type);
  return (await readFile(nextSshKey(ssh).publicKey, 'utf8')).trim();
}

/**
 * Tries the new key on every server, and replaces the old one with it when it works.
 * @throws PullError (EXB_NEW_KEY) when a server does not accept it; both keys are kept
 */
export async function finishRotation(station: KeyStation, config: Config): Promise<void> {
  const { start, paths } = station;
  await requireKey(paths);
  const next = nextSshKey(config.ssh);
  await loadSshKey(start, paths, next);
  await assertServersAccept(station, config, identityFile(paths, next));
  await replaceSshKey(station, config, next);
}

/** Replaces a lost key with a new one, without trying it: there is no old key to fall back on. */
export async function replaceLostKey(station: KeyStation, config: Config, type: SshKeyType): Promise<void> {
  await startRotation(station, config.ssh, type);
  await replaceSshKey(station, config, nextSshKey(config.ssh));
}

/** Encrypts the ssh key again, in the current format. The decrypted key must be loaded. */
export async function convertContainer({ start, paths }: KeyStation, ssh: SshKeyFiles): Promise<void> {
  await requireKey(paths);
  await loadSshKey(start, paths, ssh);
  await encryptToContainer(start, identityFile(paths, ssh), files.luksKey(paths), ssh.key);
}

async function assertServersAccept(station: KeyStation, config: Config, identity: string): Promise<void> {
  const refusals: { readonly name: string; readonly cause: CommandError }[] = [];
  for (const server of serversOf(config)) {
    const cause = await refusalOf(station, config.ssh, server, identity);
    if (cause) refusals.push({ name: serverName(server), cause });
  }
  const names = refusals.map(({ name }) => name);
  if (names.length === 0) return;
  const who = names.length === 1 ? `The server ${names.join('')} does` : `The servers ${names.join(', ')} do`;
  throw new PullError(
    'EXB_NEW_KEY',
    `${who} not accept the new ssh key yet; the old one stays in use.`,
    `Run on each, with the same --directory as before: ${setupCommands(config).join(' ; ')} . Then again: extbackup ssh-key rotate`,
    refusals[0]?.cause,
  );
}

/** undefined when the server accepts the key. */
async function refusalOf(
  { start }: KeyStation,
  ssh: Config['ssh'],
  server: PullSource,
  identity: string,
): Promise<CommandError | undefined> {
  const inBox = await startInBox(start, ssh, identity);
  const { rsh } = await wayTo(server, ssh, identity);
  try {
    await inBox({
      file: '/usr/bin/rsync',
      args: ['--exclude=*', '--list-only', `--rsh=${rsh}`, '--', `${serverName(server)}:`],
      timeoutMs: 120_000,
    });
    return undefined;
  } catch (error) {
    if (error instanceof CommandError) return error;
    throw error;
  }
}

/**
 * An interruption between the first two renames is completed by `loadSshKey`; the file is named after the key's type.
 */
async function replaceSshKey({ start, paths }: KeyStation, config: Config, next: SshKeyFiles): Promise<void> {
  const type = typeOf(await readFile(next.publicKey, 'utf8'));
  const target = {
    key: `${dirname(config.ssh.key)}/id_${type}.encrypted`,
    publicKey: `${dirname(config.ssh.publicKey)}/id_${type}.pub`,
  };
  await rename(next.publicKey, target.publicKey);
  await rename(next.key, target.key);
  if (target.key !== config.ssh.key || target.publicKey !== config.ssh.publicKey) {
    await updateConfig(paths.config, [
      { path: ['ssh', 'key'], value: target.key },
      { path: ['ssh', 'publicKey'], value: target.publicKey },
    ]);
  }
  await loadSshKey(start, paths, target);
  await wipeFile(identityFile(paths, next));
  if (target.key !== config.ssh.key) await wipeFile(identityFile(paths, config.ssh));
  await nudgeAgent(paths, 'unlock');
}

/** ed25519 or rsa, from `ssh-ed25519 …` or `ssh-rsa …`. */
const typeOf = (publicKey: string): string => /^ssh-([a-z0-9]+) /.exec(publicKey)?.[1] ?? 'ed25519';
