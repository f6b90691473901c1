import { expect, it } from 'vitest';
import { inSandbox } from '../keys/sandbox.ts';
import { answersIn, callEach } from './one-process.ts';

const commands = [
  ['setup'],
  ['server-setup'],
  ['config check', 'config show', 'config set pull.retries 2', 'notify test', 'recovery-sheet', 'doctor'],
  ['key change', 'ssh-key rotate', 'unlock', 'lock', 'status', 'status --json', 'run', 'cancel', 'pause', 'resume'],
  [
    'history',
    'history --actions',
    'check',
    'approve',
    'approve --show',
    'rollback B',
    'rollback B --list',
    'quick-card',
  ],
  ['restore --list', 'verify', 'verify --against-server', 'release', 'report', 'drill', 'drill --against-server'],
  ['drive list', 'drive prepare /dev/sdb --label B', 'drive adopt /dev/sdb', 'drive forget B', 'drive rekey', 'mount'],
  ['drive retire B', 'drive lost B', 'umount'],
].flat();

/** A user who may not read a file must not be told that it is missing, or that all is well. */
it.runIf(process.getuid?.() === 0)('another user than root is told that it takes root, and nothing untrue', () => {
  const { stdout } = inSandbox(`ready_station 'correct horse'
    cp -a "$PROGRAM" /run/program; chmod -R a+rX /run/program
    mkdir -p /run/state; mount --bind /run/state /var/lib; mkdir -p /var/lib/extbackup; chmod 700 /var/lib/extbackup /run/extbackup
    ${callEach('setpriv --reuid 65534 --regid 65534 --clear-groups', '/run/program/cli.js', commands)}`);
  const answers = answersIn(stdout);
  expect(answers.map(({ command }) => command)).toEqual(commands);
  for (const { command, text, code } of answers) {
    expect(text, command).toMatch(/\broot\b/i);
    expect(text, command).not.toMatch(
      /not set up|no disk is enrolled|there were no runs|has a bug|everything is well/i,
    );
    expect(text, command).not.toMatch(/salt is missing|no such|not running|key is not loaded/i);
    expect(code, command).toMatch(/^[1-9]\d*$/);
  }
});
