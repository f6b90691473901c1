import type { Command } from 'commander';
import type { CliContext } from '../terminal/cli-context.ts';

/** Makes one command of the CLI. */
export type MakeCommand = (context: CliContext) => Command;

/**
 * Every verb, in the order in which `--help` shows it. Each is loaded only when needed: loading the libraries of all
 * commands would take longer than most commands run.
 */
export const commandList: Readonly<Record<string, () => Promise<MakeCommand>>> = {
  setup: async () => (await import('./setup.ts')).setupCommand,
  'server-setup': async () => (await import('./server-setup.ts')).serverSetupCommand,
  config: async () => (await import('./config.ts')).configCommand,
  notify: async () => (await import('./notify.ts')).notifyCommand,
  signal: async () => (await import('./signal.ts')).signalCommand,
  key: async () => (await import('./key.ts')).keyCommand,
  'ssh-key': async () => (await import('./ssh-key.ts')).sshKeyCommand,
  'recovery-sheet': async () => (await import('./recovery-sheet.ts')).recoverySheetCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  unlock: async () => (await import('./unlock.ts')).unlockCommand,
  lock: async () => (await import('./lock.ts')).lockCommand,
  status: async () => (await import('./status.ts')).statusCommand,
  run: async () => (await import('./run.ts')).runCommand,
  cancel: async () => (await import('./cancel.ts')).cancelCommand,
  pause: async () => (await import('./pause.ts')).pauseCommand,
  resume: async () => (await import('./pause.ts')).resumeCommand,
  history: async () => (await import('./history.ts')).historyCommand,
  report: async () => (await import('./report.ts')).reportCommand,
  'quick-card': async () => (await import('./quick-card.ts')).quickCardCommand,
  check: async () => (await import('./check.ts')).checkCommand,
  approve: async () => (await import('./approve.ts')).approveCommand,
  rollback: async () => (await import('./rollback.ts')).rollbackCommand,
  restore: async () => (await import('./restore.ts')).restoreCommand,
  verify: async () => (await import('./verify.ts')).verifyCommand,
  drill: async () => (await import('./drill.ts')).drillCommand,
  release: async () => (await import('./release.ts')).releaseCommand,
  drive: async () => (await import('./drive.ts')).driveCommand,
  mount: async () => (await import('./mount.ts')).mountCommand,
  umount: async () => (await import('./umount.ts')).umountCommand,
  console: async () => (await import('./console.ts')).consoleCommand,
  courier: async () => (await import('./courier.ts')).courierCommand,
  park: async () => (await import('./park.ts')).parkCommand,
  agent: async () => (await import('./agent.ts')).agentCommand,
};

/** The headings of `--help`; a command without one is started by a unit, and not shown. */
export const commandGroups: Readonly<Record<string, readonly string[]>> = {
  'Set up:': ['setup', 'server-setup', 'config', 'notify', 'signal', 'key', 'ssh-key', 'recovery-sheet', 'doctor'],
  'Every day:': [
    'unlock',
    'lock',
    'status',
    'console',
    'run',
    'cancel',
    'pause',
    'resume',
    'history',
    'report',
    'quick-card',
    'check',
    'drill',
  ],
  'Bad day:': ['approve', 'rollback', 'restore', 'verify', 'release'],
  'Disks:': ['drive', 'mount', 'umount'],
};
