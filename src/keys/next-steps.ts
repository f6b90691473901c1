import type { Config } from '../config/schema.ts';
import { serverOf } from './settle-host-key.ts';

/** What is left to do after `setup`, for the operator. */
export function nextSteps(config: Config, hostKeyPinned: boolean): string[] {
  const { host } = serverOf(config);
  return [
    'The station is set up, and its keys are loaded.',
    '',
    'Next, on the backup server, once (as root):',
    `  extbackup server-setup --directory /backups | ssh root@${host} sh`,
    ...(hostKeyPinned ? [] : ['', 'The host key of the server is not pinned yet. When it can be reached:', '  extbackup setup --trust-host-key']),
    '',
    'Then the first disk:',
    '  extbackup drive prepare /dev/DISK --label BACKUP_1',
    '',
    'Remember the password: it is asked for after every boot, and nothing can bring it back.',
  ];
}
