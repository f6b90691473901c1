import type { Config } from '../config/schema.ts';
import { setupCommands, setupFiles } from './setup-commands.ts';
import { hostsOf } from './settle-host-key.ts';

/** What is left to do on the servers after `setup`, for the operator. */
export function nextSteps(
  config: Config,
  {
    hostKeyPinned,
    directory,
    isIn,
  }: { readonly hostKeyPinned: boolean; readonly directory: string; readonly isIn: boolean },
): string[] {
  const hosts = hostsOf(config).map(({ host }) => host);
  return [
    'The station is set up, and its keys are loaded.',
    ...(isIn
      ? []
      : [
          '',
          `Next, on ${hosts.length === 1 ? 'the backup server' : 'each backup server'}, once (as root):`,
          ...setupCommands(config, ` --directory ${directory}`).map((line) => `  ${line}`),
          'Where root cannot log in by ssh, carry a file there, and run it: sh extbackup-server.sh',
          ...setupFiles(config, ` --directory ${directory}`).map((line) => `  ${line}`),
          'Then see whether it lets this station read, and nothing else: extbackup doctor',
        ]),
    ...(hostKeyPinned
      ? []
      : [
          '',
          `The host key of ${hosts.length === 1 ? 'the server' : 'a server'} is not pinned yet. When it can be reached:`,
          '  extbackup setup --trust-host-key',
        ]),
    '',
  ];
}

/** The end of `setup`. @param hasDisk whether a disk is enrolled */
export const lastWords = (hasDisk: boolean): string[] => [
  ...(hasDisk
    ? []
    : [
        'Then plug in the first disk, and:',
        '  extbackup drive prepare /dev/DISK --label BACKUP_1',
        'Or let setup ask which disk it is: extbackup setup',
        '',
      ]),
  'Remember the password: you need it after every boot, and it cannot be recovered.',
];
