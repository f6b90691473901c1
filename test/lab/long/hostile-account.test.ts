import { beforeAll, expect, it } from 'vitest';
import { reportStopped } from '../attack-table.ts';
import { assertClosed, waitForState } from '../stories/operator.ts';
import { useStation } from '../stories/use-station.ts';

/** The account on the server that the station's key opens: one command, read only, with each sudo and each shell. */
const lab = useStation('BACKUP_1');

beforeAll(async () => {
  const { guest, server } = lab;
  await server.shell('mkdir -p /backups/docs; echo one > /backups/docs/a');
  await guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
});

const script = async (...options: string[]): Promise<string> =>
  (await lab.guest.run(['extbackup', 'server-setup', ...options])).stdout;

/** Everything on the server that the script may change. */
const state = (): Promise<string> =>
  lab.server.ask(
    `find /etc /home /usr/local -xdev -type f ! -name '*-' -printf '%p %m %u %g ' -exec md5sum {} \\; | sort`,
  );

const backUp = async (): Promise<void> => {
  const { exitCode, stderr } = await lab.guest.run(['extbackup', 'run', '--drive', 'BACKUP_1'], {
    okCodes: 'any',
    timeoutMs: 240_000,
  });
  expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
  await assertClosed(lab);
};

/** Makes sudo-rs the sudo of the server, as in Ubuntu 25.10 and later. */
const withSudoRs = (): Promise<unknown> =>
  lab.server.shell(`for name in sudo visudo; do
    file=$(command -v $name); mv $file $file.first; ln -s $(command -v $name-rs) $file; done`);

it.each([
  ['dash', ['dash'], 'sudo'],
  ['busybox', ['busybox', 'sh'], 'sudo'],
  ['dash', ['dash'], 'sudo-rs'],
  ['busybox', ['busybox', 'sh'], 'sudo-rs'],
] as const)(
  'the script works with %s, %j and %s: from nothing to a backup, and back to nothing',
  async (_, shell, sudo) => {
    const { server } = lab;
    if (sudo === 'sudo-rs' && !(await server.isTrue('[ -L "$(command -v sudo)" ]'))) await withSudoRs();
    await server.run([...shell], { input: await script('--remove') });
    const before = await state();
    expect(before).not.toContain('/etc/sudoers.d/extbackup ');

    const dry = await server.run([...shell], { input: await script('--dry-run') });
    expect(dry.stdout).toContain('would have made the user extbackup');
    expect(await state()).toBe(before);

    const set = await server.run([...shell], { input: await script() });
    expect(set.stderr).toBe('');
    const after = await state();
    expect((await server.run([...shell], { input: await script() })).stderr).toBe('');
    expect(await state()).toBe(after);
    await backUp();

    await server.run([...shell], { input: await script('--remove') });
    expect(await state()).toBe(before);
    await server.run([...shell], { input: await script() });
  },
);

it.each([
  ['a shell', 'id'],
  ['another directory', 'rsync --server --sender -logDtpre.iLsfxCIvu . /../etc'],
  ['a write', 'rsync --server -logDtpre.iLsfxCIvu . ./docs/'],
  ['root through the variable', 'x; touch /root/was-here'],
])('the key opens no way to %s', async (what, command) => {
  const { guest, server } = lab;
  const { exitCode, stdout, stderr } = await guest.run(
    [
      'ssh',
      ...['-i', '/mnt/ramfs/id_ed25519.decrypted', '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes'],
      ...['-o', 'UserKnownHostsFile=/etc/extbackup/known_hosts', 'extbackup@backup', command],
    ],
    { okCodes: 'any' },
  );
  expect(exitCode).not.toBe(0);
  expect(stdout).not.toContain('uid=');
  expect(await server.ask('ls /root/was-here 2>/dev/null || true')).toBe('');
  await reportStopped(`the ssh key of the station: ${what}`, 'the forced command', stderr);
});

it('the account sets no variable and no module of a program of root', async () => {
  const { server } = lab;
  await server.shell(`mkdir -p /home/extbackup/own; echo 'open("/root/was-here", "w")' > /home/extbackup/own/argparse.py
    cp /home/extbackup/own/argparse.py /home/extbackup/argparse.py; chown -R extbackup: /home/extbackup/own`);
  const command = await server.ask(
    `sed -n 's/^command="\\([^"]*\\)".*/\\1/p' /home/extbackup/.ssh/authorized_keys | head -n 1`,
  );
  const { exitCode, stdout, stderr } = await server.shell(
    `cd /home/extbackup; su -s /bin/sh extbackup -c 'PYTHONPATH=/home/extbackup/own PYTHONSTARTUP=/home/extbackup/argparse.py SSH_ORIGINAL_COMMAND=id ${command}'`,
    { okCodes: 'any' },
  );
  expect(exitCode).not.toBe(0);
  expect(await server.ask('ls /root/was-here 2>/dev/null || true')).toBe('');
  await reportStopped('the account: a module of its own for root', 'python3 -I and env_keep', stdout + stderr);
  await server.shell('rm -r /home/extbackup/own /home/extbackup/argparse.py');
});
