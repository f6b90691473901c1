import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { renderServerScript } from '../../../src/setup/setup-script.ts';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBdt2Y8 extbackup@station';
const render = (change: Partial<Parameters<typeof renderServerScript>[0]> = {}): string =>
  renderServerScript({ directory: '/backups', user: 'extbackup', publicKeys: [key], ...change });

describe("the server's script", () => {
  it.each(['/bin/sh', '/bin/dash', '/bin/bash'])('is one that %s understands', (shell) => {
    for (const script of [
      render(),
      render({ remove: true }),
      render({ heartbeat: { id: 'main-backup', file: '.extbackup-heartbeat' } }),
      render({ heartbeat: { id: 'main-backup', file: '.extbackup-heartbeat', timer: true } }),
    ]) {
      expect(spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    }
  });

  it('forces one read-only command and forbids everything else', () => {
    const script = render();
    expect(script).toContain('command="$python -I $rrsync -ro $directory"');
    expect(script).toContain(
      'options="command=\\"sudo -n $command\\",no-agent-forwarding,no-port-forwarding,no-pty,no-user-rc,no-X11-forwarding"',
    );
    expect(script).toContain('%$group ALL=(root) NOPASSWD: $alias');
  });

  it.each([
    ['/backups/', '/backups'],
    ['//srv//data/', '/srv/data'],
    ['/', '/'],
  ])('takes the directory %s as %s', (given, written) => {
    expect(render({ directory: given })).toContain(`directory='${written}'\n`);
  });

  it.each([
    'backups',
    '',
    '/a b',
    "/a'b",
    '/a"b',
    '/a$HOME',
    '/a`id`',
    '/a/../b',
    '/./a',
    '/a\nb',
    '/a*',
    '/a,b',
    '/a:b',
    '/a\\b',
    '/ä',
  ])('refuses the directory %j', (directory) => {
    expect(() => render({ directory })).toThrow(UsageError);
  });

  it.each(['root', '', '1st', '.dot', '-x', 'a b', "a'b", 'a;b', 'a'.repeat(33), 'a\nb'])(
    'refuses the user %j',
    (user) => {
      expect(() => render({ user })).toThrow(UsageError);
    },
  );

  it.each([
    "ssh-ed25519 AAAA it's",
    'ssh-ed25519 AAAA',
    `command="x" ${key}`,
    `${key}\n${key}`,
    '',
    'ssh-dss AAAA a@b',
  ])('refuses the public key %j', (publicKey) => {
    expect(() => render({ publicKeys: [publicKey] })).toThrow(UsageError);
  });
});
