import type { Command } from 'commander';
import type { CliContext } from './cli-context.ts';
import { serverSetupCommand } from './server-setup.ts';

/** Every verb, in the order in which `--help` shows it. */
export const commandList: readonly ((context: CliContext) => Command)[] = [serverSetupCommand];
