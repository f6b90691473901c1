import { Command } from 'commander';
import { runAgent } from '../agent/agent.ts';
import type { CliContext } from '../terminal/cli-context.ts';

/** The daemon, started by extbackup.service. */
export function agentCommand(context: CliContext): Command {
  return new Command('agent')
    .description('the daemon that waits for disks; extbackup.service starts it')
    .addHelpText(
      'after',
      '\nExample:\n  systemctl start extbackup\n\nIt needs a mount namespace of its own, which the unit gives it.',
    )
    .action(async () => {
      await runAgent(context.runCommand, context.paths, context.version, process.env['NOTIFY_SOCKET']);
    });
}
