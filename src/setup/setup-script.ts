import type { Attestation } from '../config/source-schema.ts';
import { UsageError } from '../errors.ts';
import { scriptBody } from './script-body.ts';
import { scriptRemoval } from './script-removal.ts';

/** The facts about this station that the backup server needs. */
export interface ServerSetup {
  /** Directory that the station may read, and nothing else. */
  readonly directory: string;
  /** User on the server that the station logs in as. */
  readonly user: string;
  /** The station's public keys, `TYPE BASE64 COMMENT`; more than one only while a key is being replaced. */
  readonly publicKeys: readonly string[];
  /** Also install the program that the server's own backup calls after a success. */
  readonly heartbeat?: Pick<Attestation, 'id' | 'file'> & {
    /** Also install a timer that calls it when the directory has anything new. */
    readonly timer?: boolean;
  };
  /** Take everything back instead. */
  readonly remove?: boolean;
  /** Only tell what would be changed. */
  readonly dryRun?: boolean;
  /** The account may have ssh keys without a forced command, which are somebody else's. */
  readonly sharedUser?: boolean;
}

/** Characters that are safe between double quotes in authorized_keys, in sudoers(5) and in sh. */
const directoryPattern = /^\/[A-Za-z0-9._/-]*$/;
const userPattern = /^[A-Za-z_][A-Za-z0-9._-]{0,31}$/;
const keyPattern = /^(?:ssh-(?:ed25519|rsa)) [A-Za-z0-9+/]+={0,2} [A-Za-z0-9@._-]+$/;

/**
 * A POSIX sh script that lets the station read one directory of the server with `rrsync -ro`, and nothing more. It can
 * be run any number of times: it changes only missing or wrong parts.
 * @throws UsageError when a name could mean something else in one of the files it gets into
 */
export function renderServerScript(setup: ServerSetup): string {
  const directory = setup.directory.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '');
  if (!directoryPattern.test(directory) || directory.split('/').some((part) => part === '.' || part === '..')) {
    throw new UsageError(
      '--directory must be an absolute path of letters, digits, and . _ - / only.',
      'On the server, give the directory a plain name or a bind mount with one.',
    );
  }
  if (!userPattern.test(setup.user) || setup.user === 'root') {
    throw new UsageError(
      '--user must be a plain user name of letters, digits, and . _ - only, and not root.',
      'Leave it out to use: extbackup',
    );
  }
  const keys = setup.publicKeys.map((key) => key.trim());
  if (keys.length === 0 || !keys.every((key) => keyPattern.test(key))) {
    throw new UsageError(
      'The public ssh key of this station has an unexpected form.',
      'It must be one line: type, key and a comment like extbackup@station. See the .pub file in /etc/extbackup.',
    );
  }
  return [
    '#!/bin/sh',
    setup.remove === true
      ? '# Takes back what lets the station of the key below read this server.'
      : '# Lets the station of the key below read one directory of this server with rrsync, and nothing else.',
    '# Run it as root on the backup server. Running it again changes nothing.',
    'set -eu',
    'export LC_ALL=C',
    'PATH=$PATH:/usr/sbin:/sbin',
    `user='${setup.user}'`,
    `directory='${directory}'`,
    `keys='${keys.join('\n')}'`,
    `heartbeat_id='${setup.heartbeat?.id ?? ''}'`,
    `heartbeat_file='${setup.heartbeat?.file ?? ''}'`,
    `heartbeat_timer='${setup.heartbeat?.timer === true ? 'yes' : ''}'`,
    `dry=${setup.dryRun === true ? 'yes' : 'no'}`,
    `shared=${setup.sharedUser === true ? 'yes' : 'no'}`,
    setup.remove === true ? scriptRemoval : scriptBody,
  ].join('\n');
}
