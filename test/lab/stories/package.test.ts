import { beforeAll, describe, expect, it } from 'vitest';
import { builtPackage } from '../station.ts';
import { addSettings, assertClosed, eventsOf, waitForState } from './operator.ts';
import { useStation } from './use-station.ts';

/** The package on a running station: installed, upgraded during a run, removed and purged. */
const lab = useStation('BACKUP_1');

beforeAll(async () => {
  await lab.server.shell('mkdir -p /backups/docs; head -c 20M /dev/urandom > /backups/docs/a');
  await lab.guest.copyIn(await builtPackage(), '/root/package.deb');
});

const agentPid = (): Promise<string> => lab.guest.ask('systemctl show -p MainPID --value extbackup');

describe('an installed package', () => {
  it('runs the agent, now and after a boot, with the timer off', async () => {
    expect(
      await lab.guest.ask(
        'systemctl is-active extbackup; systemctl is-enabled extbackup; systemctl is-enabled extbackup.timer || true',
      ),
    ).toBe('active\nenabled\ndisabled');
    expect(await lab.guest.ask('systemctl status extbackup')).toMatch(/Status: "/);
  });

  it('is upgraded without ending the run that goes on; then the new agent starts', async () => {
    await addSettings(lab, 'pull: {bandwidthLimit: 100, compress: never}');
    const before = await agentPid();
    await lab.guest.plug(lab.disk);
    await lab.guest.waitFor('the pull', async () => (await eventsOf(lab, 'sync:started')).length > 0);
    await lab.guest.shell('DEBIAN_FRONTEND=noninteractive dpkg -i /root/package.deb', { timeoutMs: 300_000 });
    expect(await eventsOf(lab, 'sync:finished')).toEqual([]); // the upgrade happened during the run
    expect(await agentPid()).toBe(before);
    await lab.guest.waitFor('the new agent', async () => (await eventsOf(lab, 'agent:started')).length === 2, 480_000);
    await waitForState(lab, 'BACKUP_1', ['safe-to-unplug', 'idle']);
    expect(await eventsOf(lab, 'run:succeeded')).toHaveLength(1);
    expect(await eventsOf(lab, 'run:started')).toHaveLength(1);
    expect((await eventsOf(lab, 'agent:stopping')).map(({ reason }) => reason)).toEqual(['upgraded']);
    expect(await agentPid()).not.toBe(before);
  });

  it('is not removed while somebody works on a disk, and what is on a disk is not touched by it', async () => {
    const { guest } = lab;
    await guest.shell(
      'extbackup mount BACKUP_1 >/dev/null; cd /mnt/plaintext; sleep 600 >/dev/null 2>&1 & while ! ls -l /proc/[0-9]*/cwd 2>/dev/null | grep -q plaintext; do sleep 0.1; done',
    );
    const refused = await guest.run(['dpkg', '-r', 'extbackup'], { okCodes: 'any' });
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stderr).toMatch(/still in use by .*sleep[^]*extbackup: not removed: a disk is in use/);
    expect(
      await guest.ask('cat /mnt/plaintext/LABEL; systemctl is-active extbackup; pkill -x sleep; extbackup umount >&2'),
    ).toBe('BACKUP_1active');
    await guest.shell(
      'mkdir -p /run/extbackup/inside/OTHER; mount -t tmpfs tmpfs /run/extbackup/inside/OTHER; echo kept > /run/extbackup/inside/OTHER/file; dpkg -r extbackup',
    );
    expect(
      await guest.ask(
        'cat /run/extbackup/inside/OTHER/file; umount /run/extbackup/inside/OTHER; DEBIAN_FRONTEND=noninteractive dpkg -i /root/package.deb >&2',
      ),
    ).toBe('kept');
  });

  it('leaves nothing behind when it is removed but settings and registry, and only an unprinted salt when it is purged', async () => {
    const { guest } = lab;
    await guest.shell(
      'dpkg -L extbackup | while read -r file; do test -d "$file" || echo "$file"; done > /root/files; dpkg -r extbackup',
    );
    const conffiles = await guest.ask('grep ^/etc/ /root/files || true');
    expect(await guest.ask('while read -r file; do test -e "$file" && echo "$file"; done < /root/files || true')).toBe(
      conffiles,
    );
    expect(
      await guest.ask('ls -d /run/extbackup /mnt/ramfs /mnt/plaintext /usr/lib/extbackup 2>/dev/null || true'),
    ).toBe('');
    expect(
      await guest.ask(
        `grep ramfs /proc/mounts || true; pgrep -f '^[^ ]*(node|extbackup)( |$)' || true; systemctl list-units --all --plain --no-legend "extbackup*" | grep -v not-found || true`,
      ),
    ).toBe('');
    expect(await guest.ask('ls /etc/extbackup /var/lib/extbackup')).toMatch(/config.yaml[^]*drives/);
    await assertClosed(lab);
    const salt = await guest.ask('cat /etc/extbackup/salt');
    const purged = await guest.ask('dpkg -P extbackup');
    const left = await guest.ask(
      'find / -xdev -iname "*extbackup*" -not -path "/var/log/*" -not -path "/var/cache/*" -not -path "/proc/*"',
    );
    expect(left).toMatch(/^\/var\/backups\/extbackup-salt\.\S+$/);
    expect(purged).toContain(left);
    expect(await guest.ask(`cat ${left}/salt; cat ${left}/key.yaml`)).toMatch(
      new RegExp(`^${salt}\n?key:\n[^]*derivation: scrypt\n(?![^]*source)`),
    );
  });

  it('can be installed again, and tells what to do first', async () => {
    await lab.guest.shell('DEBIAN_FRONTEND=noninteractive dpkg -i /root/package.deb');
    await lab.guest.waitFor('the agent', 'systemctl is-active extbackup');
    const { exitCode, stderr } = await lab.guest.run(['extbackup', 'run'], { okCodes: 'any' });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('extbackup setup');
  });
});
