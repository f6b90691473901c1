import { Command } from 'commander';
import type { CliContext } from '../terminal/cli-context.ts';
import { driveAdoptCommand } from './drive-adopt.ts';
import { driveListCommand } from './drive-list.ts';
import { drivePrepareCommand } from './drive-prepare.ts';
import { driveRekeyCommand } from './drive-rekey.ts';
import { driveForgetCommand, driveLostCommand, driveRetireCommand } from './drive-state.ts';

/** Everything about the rotation disks. */
export function driveCommand(context: CliContext): Command {
  const command = new Command('drive')
    .description('prepare, enrol and list the rotation disks')
    .addHelpText('after', '\nExample:\n  extbackup drive prepare /dev/sdb --label BACKUP_1\n  extbackup drive list');
  const parts = [
    drivePrepareCommand,
    driveAdoptCommand,
    driveListCommand,
    driveRekeyCommand,
    driveForgetCommand,
    driveRetireCommand,
    driveLostCommand,
  ];
  for (const make of parts) command.addCommand(make(context));
  return command;
}
