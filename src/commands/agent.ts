import { Command } from 'commander';
import { runAgent } from '../agent/agent.ts';
import type { CliContext } from '../terminal/cli-context.ts';

/** The daemon, started by extbackup.service. */
export function agentCommand(context: CliContext): Command {
  return new Command('agent')
    .description('run the daemon that waits for disks (used by extbackup.service)')
    .addHelpText(
      'after',
      '\nExample:\n  systemctl start extbackup\n\nIt needs its own mount namespace, which the unit provides.',
    )
    .action(async () => {
      await runAgent(context.start, context.paths, context.version, process.env['NOTIFY_SOCKET']);
    });
}
