import { copyFile, chmod, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import type { CliContext } from '../terminal/cli-context.ts';
import { configSchema, type Config, type KeySettings } from '../config/schema.ts';
import { parseSource } from '../config/source-schema.ts';
import { writeNewConfig } from '../config/write.ts';
import { UsageError } from '../errors.ts';
import { readIfThere } from '../system/atomic-file.ts';
import { listBlockDevices, withDescendants } from '../disk/block-devices.ts';
import { CommandError } from '../system/command.ts';
import { files } from '../system/paths.ts';
import { parseHostKeys, writeHostKeys } from '../keys/host-key.ts';
import { findOldSetup, type OldSetup } from './old-scripts.ts';
import { noteOldFiles } from '../records/old-files.ts';
import { readSaltIfThere, writeNewSalt } from '../keys/salt.ts';
import { sourceOf } from '../config/sources.ts';
import { serverOf } from './settle-host-key.ts';

/** Flags of `setup --adopt`. */
export interface AdoptWishes {
  /** Script or directory to look in. */
  readonly place: string;
  readonly source: string | undefined;
  readonly port: number | undefined;
}

/** A machine that was set up by hand, and the parts that are taken over. */
export interface FoundStation {
  readonly old: OldSetup;
  readonly salt: string;
  readonly settings: KeySettings;
  readonly source: string;
  readonly port: number;
}

/**
 * Finds the parts to take over. Nothing is written.
 * @throws UsageError when this machine has settings already, or the old ones cannot be understood
 */
export async function findStation({ paths }: CliContext, wishes: AdoptWishes): Promise<FoundStation> {
  if ((await readIfThere(paths.config)) !== undefined) {
    throw new UsageError(
      `This station has settings already: ${paths.config}.`,
      'To start again, move that file and the salt beside it away first.',
    );
  }
  const old = await findOldSetup(wishes.place);
  const source = wishes.source ?? (old.server === undefined ? undefined : `${old.user ?? 'extbackup'}@${old.server}`);
  if (source === undefined)
    throw new UsageError(
      'The backup server was not found in the old scripts.',
      'Name it: extbackup setup --adopt --source extbackup@backup.example.org',
    );
  if (!parseSource(source))
    throw new UsageError(
      `The backup server ${source} is not USER@HOST or USER@HOST:PATH.`,
      'Name it: extbackup setup --adopt --source extbackup@backup.example.org',
    );
  const present = await readSaltIfThere(files.salt(paths));
  if (present !== undefined && present !== old.salt) {
    throw new UsageError(
      `The salt in ${files.salt(paths)} differs from the salt in ${old.script}.`,
      'Move it away if no disk was encrypted with it.',
    );
  }
  return {
    old,
    salt: old.salt,
    settings: { derivation: 'sha512', ...(old.check !== undefined && { check: old.check }) },
    source,
    port: wishes.port ?? 22,
  };
}

/**
 * Takes over a machine that was set up by hand: salt, check value, encrypted ssh key, known host keys. Everything is
 * copied; nothing is encrypted anew, and the old files stay where they are.
 */
export async function adoptStation(
  context: CliContext,
  { old, salt, settings, source, port }: FoundStation,
  home = homedir(),
): Promise<Config> {
  const { paths } = context;
  await mkdir(paths.etc, { recursive: true, mode: 0o755 });
  if ((await readSaltIfThere(files.salt(paths))) === undefined) await writeNewSalt(files.salt(paths), salt);
  const { from: oldSshKey, ...copied } = await copySshKey(home, paths.etc);
  const ssh: Partial<Config['ssh']> = { ...copied, knownHosts: `${paths.etc}/known_hosts` };
  const config = await writeNewConfig(paths.config, { source, port, key: settings, ssh: differing(ssh) });
  await noteOldFiles(paths, [old.script, ...(oldSshKey === undefined ? [] : [oldSshKey])]);
  context.note(`Took the salt${old.check === undefined ? '' : ' and the check value'} from ${old.script}.`);
  if (ssh.key !== undefined) context.note(`Copied the encrypted ssh key to ${ssh.key}.`);
  if (await adoptHostKeys(context, config, `${home}/.ssh/known_hosts`))
    context.note("Took the server's host keys from ~/.ssh/known_hosts.");
  return config;
}

/** What is left to do by hand after an adoption. */
export async function stepsAfterAdoption(context: CliContext): Promise<string[]> {
  const disks = (await listBlockDevices(context.start))
    .flatMap((disk) => [...withDescendants(disk)])
    .filter(({ fstype }) => fstype === 'crypto_LUKS');
  return [
    'Enrol each of the disks while it is plugged in:',
    ...(disks.length === 0
      ? ['  extbackup drive adopt /dev/DISK']
      : disks.map(({ path }) => `  extbackup drive adopt ${path}`)),
    'Then remove the old backup: its call in /root/.profile, the cron job, the mount aliases in /etc/profile.d.',
    'The old key derivation still works; a new password replaces it with a stronger one: extbackup key change',
  ];
}

/** The encrypted ssh key, where a machine set up by hand has it. */
async function copySshKey(home: string, etc: string): Promise<Partial<Config['ssh']> & { readonly from?: string }> {
  for (const name of ['id_rsa', 'id_ed25519']) {
    const from = `${home}/.ssh/${name}.encrypted`;
    if ((await readIfThere(from)) === undefined) continue;
    const to = { key: `${etc}/${name}.encrypted`, publicKey: `${etc}/${name}.pub` };
    await copyFile(from, to.key);
    await chmod(to.key, 0o600);
    if ((await readIfThere(`${home}/.ssh/${name}.pub`)) !== undefined) {
      await copyFile(`${home}/.ssh/${name}.pub`, to.publicKey);
      await chmod(to.publicKey, 0o644);
    }
    return { ...to, from };
  }
  return {};
}

function differing(ssh: Partial<Config['ssh']>): Partial<Config['ssh']> {
  const usual: Record<string, unknown> = configSchema.shape.ssh.parse(undefined);
  return Object.fromEntries(Object.entries(ssh).filter(([name, value]) => usual[name] !== value));
}

/** ssh-keygen finds hashed names too. */
async function adoptHostKeys({ start }: CliContext, config: Config, knownHosts: string): Promise<boolean> {
  const server = serverOf(sourceOf(config));
  const { host, port } = server;
  const name = port === 22 ? host : `[${host}]:${port}`;
  try {
    const { stdout } = await start({
      file: '/usr/bin/ssh-keygen',
      args: ['-F', name, '-f', knownHosts],
      timeoutMs: 20_000,
    });
    const keys = parseHostKeys(stdout).map((key) => ({ ...key, line: key.line.replace(/^\S+/, name) }));
    if (keys.length > 0) await writeHostKeys(config.ssh.knownHosts, server, keys);
    return keys.length > 0;
  } catch (error) {
    if (error instanceof CommandError) return false; // not known there, or no such file
    throw error;
  }
}
