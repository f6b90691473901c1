import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sheetAsText } from '../../../src/restore/recovery-sheet-text.ts';
import { buildRecoverySheet } from '../../../src/restore/recovery-sheet.ts';
import { renderServerScript } from '../../../src/setup/setup-script.ts';
import { commandsOfSheet } from '../../lab/stories/person.ts';
import { aRecord } from '../../unit/disk/devices.ts';
import { tool } from '../../package/tool.ts';

/** What the program prints for a person to run, and the scripts of the package, judged by shellcheck. */
const tools = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'extbackup/tools/usr/bin');
const root = join(import.meta.dirname, '../../..');

/** Warnings and errors, such as "SC2086". */
async function faultsIn(script: string, ...unwanted: string[]): Promise<string[]> {
  const args = [
    '--shell=sh',
    '--severity=warning',
    '--format=gcc',
    ...unwanted.map((code) => `--exclude=${code}`),
    '-',
  ];
  const { output } = await tool(join(tools, 'shellcheck'), args, 'shellcheck', { input: script });
  return output.split('\n').filter((line) => line !== '');
}

const station = {
  ...{ directory: '/backups', user: 'extbackup' },
  publicKeys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBdt2Y8 extbackup@station'],
};
const heartbeat = { id: '0123abcd', file: 'heartbeat' };

it.each([
  ['usual', {}],
  ['heartbeat', { heartbeat }],
  ['heartbeat by a timer', { heartbeat: { ...heartbeat, timer: true } }],
  ['dry run', { dryRun: true }],
  ['shared account', { sharedUser: true }],
  ['removal', { remove: true }],
])("the server's script has no fault: %s", async (_, more) => {
  // The beginning of the script is the same for all: the removal does not use every variable.
  expect(await faultsIn(renderServerScript({ ...station, ...more }), ...('remove' in more ? ['SC2034'] : []))).toEqual(
    [],
  );
});

it.each([true, false])('the commands of the recovery sheet have no fault, with the salt: %s', async (withSalt) => {
  const sheet = buildRecoverySheet({
    ...{
      station: 'attic',
      drives: [aRecord()],
      salt: 'ab'.repeat(32),
      previous: { version: 1, keys: [], pending: [] },
      withSalt,
    },
    config: { source: 'extbackup@backup', key: { derivation: 'scrypt', scrypt: { N: 16_384, r: 8, p: 1 } } } as never,
    printedAt: new Date(),
  });
  const commands = commandsOfSheet(sheetAsText(sheet));
  expect(commands).toContain('cryptsetup');
  expect(await faultsIn(commands, 'SC2045', 'SC2012')).toEqual([]); // its names are times, made by extbackup
});

it.each(['debian/postinst', 'debian/postrm', 'debian/prerm'])('%s has no fault', async (file) => {
  expect(await faultsIn(readFileSync(join(root, file), 'utf8'))).toEqual([]);
});

it('would find a fault', async () => {
  expect(await faultsIn('#!/bin/sh\nif [ $a == b ]; then rm -r $c/*; fi\n')).not.toEqual([]);
});
