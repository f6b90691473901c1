import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { assertClosed, driveNow, eventsOf, lookInside, waitForState } from '../stories/operator.ts';
import { useStation } from '../stories/use-station.ts';

/** The checks and hooks of a pull on a real kernel: heartbeat, gaps, content alarm, hooks, removal of old history. */
const lab = useStation('BACKUP_1');
let settings: string;

const patience = { timeoutMs: 400_000 };
const checksums = (directory: string): string =>
  `cd ${directory} && find . -type f -print0 | sort -z | xargs -0 -r md5sum | md5sum`;
const onDisk = <T>(look: (top: string) => Promise<T>): Promise<T> => lookInside(lab, lab.disk, look);
const mirror = (): Promise<string> => onDisk((top) => lab.guest.ask(checksums(`${top}/backups`), patience));
const serverNow = (): Promise<string> => lab.server.ask(checksums('/backups'), patience);
const entries = (): Promise<string[]> =>
  onDisk(async (top) => (await lab.guest.ask(`ls ${top}/history`)).split('\n').filter((name) => name !== ''));

/** Runs extbackup. Returns its exit code and its whole output. */
async function extbackup(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await lab.guest.run(['extbackup', ...args], { okCodes: 'any', ...patience });
  return `${String(exitCode)} ${stdout}${stderr}`;
}
const backUp = (): Promise<string> => extbackup('run', '--drive', 'BACKUP_1');
const configure = (more: string): Promise<void> =>
  lab.guest.write('/etc/extbackup/config.yaml', `${settings}\n${more}\n`);
const lastSuccess = async (): Promise<string | null> => (await driveNow(lab, 'BACKUP_1')).lastSuccess;

beforeAll(async () => {
  settings = await lab.guest.ask('cat /etc/extbackup/config.yaml');
  await lab.server.shell(
    'mkdir -p /backups/office /backups/plans; cd /backups; for i in $(seq 150); do yes "the letter number $i to a customer" | head -n 40 | tee office/$i.txt > plans/$i.txt; done',
  );
  await lab.guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug'], 600_000);
});
beforeEach(() => configure(''));

describe('the heartbeat of the server', () => {
  const beats = (text: string): Promise<void> => lab.server.write('/backups/.extbackup-heartbeat', text);

  it('is missing, of another backup or too old: the run is held before it changes anything, in words, and doctor says so, too', async () => {
    await configure('attestation:\n  id: main-backup');
    const before = await lastSuccess();
    await lab.server.shell('echo new > /backups/office/new.txt');
    expect(await backUp()).toMatch(/^14 [^]*there is no heartbeat on extbackup@backup/);
    await beats(`main-backup\n${await lab.guest.ask("date -u -d '10 days ago' +%Y-%m-%dT%H:%M:%SZ")}\n`);
    expect(await backUp()).toMatch(/^14 [^]*the main backup itself has not run for 10 days/);
    await beats('other-backup\n2026-01-01T00:00:00Z\n');
    expect(await backUp()).toMatch(/^14 [^]*belongs to another backup/);
    expect(await extbackup('doctor', '--json')).toContain(
      'The next run will be held: the heartbeat on extbackup@backup belongs to another backup',
    );
    await assertClosed(lab);
    expect(await lastSuccess()).toBe(before);
    expect(await onDisk((top) => lab.guest.ask(`ls ${top}/backups/office | grep -c new.txt || true`))).toBe('0');
  });

  it('comes from the program that server-setup installs, and then nothing has to be answered', async () => {
    await configure('attestation:\n  id: main-backup');
    const { stdout: script } = await lab.guest.run(['extbackup', 'server-setup', '--heartbeat']);
    await lab.server.shell('rm -f /backups/.extbackup-heartbeat');
    await lab.server.run(['sh'], { input: script });
    await lab.server.run(['/usr/local/sbin/extbackup-heartbeat']);
    expect(await extbackup('doctor', '--json')).toContain('its last heartbeat is');
    expect(await backUp()).toMatch(/^0 /);
    expect(await mirror()).toBe(await serverNow());
  });

  it('can be refreshed by a timer of a real systemd, while there is anything new', async () => {
    await configure('attestation:\n  id: main-backup');
    // The server of the lab has no systemd, so the station is its own server for once.
    await lab.guest.shell(
      'mkdir -p /srv/own; echo a > /srv/own/a; extbackup server-setup --heartbeat-timer --directory /srv/own > /run/own.sh; sh /run/own.sh',
    );
    expect(
      await lab.guest.ask(
        'systemctl is-enabled extbackup-heartbeat.timer; systemctl is-active extbackup-heartbeat.timer; head -1 /srv/own/.extbackup-heartbeat',
      ),
    ).toBe('enabled\nactive\nmain-backup');
    const first = await lab.guest.ask('cat /srv/own/.extbackup-heartbeat');
    await lab.guest.shell('systemctl start extbackup-heartbeat.service');
    expect(await lab.guest.ask('cat /srv/own/.extbackup-heartbeat')).toBe(first);
    await lab.guest.waitFor(
      'the next second',
      `[ "$(date -u +%Y-%m-%dT%H:%M:%SZ)" != "$(tail -1 /srv/own/.extbackup-heartbeat)" ]`,
    );
    await lab.guest.shell('echo b > /srv/own/b; systemctl start extbackup-heartbeat.service');
    expect(await lab.guest.ask('cat /srv/own/.extbackup-heartbeat')).not.toBe(first);
    expect(await lab.guest.ask('sh /run/own.sh')).toContain('everything was in place; nothing was changed');
  });
});

describe('a source that is partly there', () => {
  it('permission lost: done with gaps, nothing is deleted, and the copy does not count as fresh', async () => {
    const before = await lastSuccess();
    const good = await mirror();
    await lab.server.shell(
      'chmod 0755 /backups /backups/*; chmod 0700 /backups/office; sed -i "s/sudo -n //" /home/extbackup/.ssh/authorized_keys; rm /backups/plans/1.txt',
    );
    expect(await backUp()).toMatch(/^3 /);
    expect(await lastSuccess()).toBe(before);
    expect(await mirror()).toBe(good);
    await assertClosed(lab);
    await lab.server.shell(
      'chmod 0755 /backups/office; sed -i "s,command=\\",command=\\"sudo -n ," /home/extbackup/.ssh/authorized_keys',
    );
    expect(await backUp()).toMatch(/^0 /);
    expect(await mirror()).toBe(await serverNow());
  });

  it('files vanish while it is read: it counts as fresh, and the number is told', async () => {
    const before = await lastSuccess();
    await configure('pull:\n  bandwidthLimit: 300\n  compress: never');
    await lab.server.shell(
      'head -c 5000000 /dev/urandom | base64 -w 0 > /backups/a-large-file; for i in 1 2 3; do echo soon gone > /backups/zz-$i; done',
    );
    const started = (await eventsOf(lab, 'sync:progress')).length;
    const running = backUp();
    await lab.guest.waitFor(
      'the large file to come',
      async () => (await eventsOf(lab, 'sync:progress')).slice(started).some(({ bytes }) => Number(bytes) > 100_000),
      120_000,
    );
    await lab.server.shell('rm /backups/zz-*');
    expect(await running).toMatch(/^3 /);
    expect((await eventsOf(lab, 'run:succeeded')).at(-1)).toMatchObject({ stamped: true, gaps: true, vanished: 3 });
    expect(await lastSuccess()).not.toBe(before);
    expect(await mirror()).toBe(await serverNow());
  });
});

describe('the look at the content', () => {
  const encrypt = (from: number, to: number): Promise<unknown> =>
    lab.server.shell(
      `cd /backups/office; for i in $(seq ${String(from)} ${String(to)}); do head -c 3000 /dev/urandom > $i.txt; done`,
    );

  it('warns, and gives up no history until somebody has answered', async () => {
    await configure('history:\n  keep:\n    count: 1');
    expect(await backUp()).toMatch(/^0 /);
    await lab.server.shell('echo changed > /backups/plans/2.txt');
    expect(await backUp()).toMatch(/^0 /);
    expect((await entries()).length).toBeLessThanOrEqual(1);
    await encrypt(1, 40);
    expect(await backUp()).toMatch(/^0 /);
    expect((await eventsOf(lab, 'run:warned')).at(-1)).toMatchObject({
      reason: expect.stringMatching(/looks as if it had been attacked.*as if somebody had encrypted them/) as string,
    });
    await lab.server.shell('echo changed again > /backups/plans/2.txt');
    expect(await backUp()).toMatch(/^0 /);
    expect((await entries()).length).toBeGreaterThan(1);
    expect(await extbackup('approve', 'BACKUP_1', '--reason', 'we encrypted these ourselves')).toMatch(/^0 /);
    await lab.server.shell('echo changed once more > /backups/plans/2.txt');
    expect(await backUp()).toMatch(/^0 /);
    expect((await eventsOf(lab, 'run:approved')).at(-1)).toMatchObject({ reason: 'we encrypted these ourselves' });
    expect((await entries()).length).toBe(1);
  });

  it('holds the run where that is wanted, and rollback brings all back', async () => {
    await configure('guard:\n  content: hold');
    const good = await mirror();
    await encrypt(41, 80);
    await lab.server.shell('rm /backups/plans/3.txt');
    expect(await backUp()).toMatch(/^14 [^]*looks as if it had been attacked/);
    expect(await extbackup('rollback', 'BACKUP_1', '--yes')).toMatch(/^0 /);
    expect(await mirror()).toBe(good);
  });
});

describe('a hook', () => {
  it('that does not end is ended with all that it started; before mounting that ends the run, and the disk was never opened', async () => {
    await lab.guest.shell(
      `printf '#!/bin/sh\\n(trap "" TERM; exec sleep 3599) &\\nsleep 3598\\n' > /usr/local/sbin/endless; chmod 755 /usr/local/sbin/endless`,
    );
    await configure(
      'guard:\n  content: off\nhooks:\n  - {when: before-mount, command: /usr/local/sbin/endless, timeout: 2s}',
    );
    const opened = (await eventsOf(lab, 'luks:opened')).length;
    expect(await backUp()).toMatch(/^13 [^]*before-mount hook \/usr\/local\/sbin\/endless took too long and was ended/);
    expect((await eventsOf(lab, 'luks:opened')).length).toBe(opened);
    expect(await lab.guest.ask("pgrep -f 'sleep 359[89]' || true")).toBe('');
  });

  it('that leaves a child in the mounted disk does not keep it from being closed', async () => {
    await lab.guest.shell(
      `printf '#!/bin/sh\\ncd "$EXTBACKUP_MOUNTPOINT"\\nsleep 3597 </dev/null >/dev/null 2>&1 &\\n' > /usr/local/sbin/lingers; chmod 755 /usr/local/sbin/lingers`,
    );
    await configure('guard:\n  content: off\nhooks:\n  - {when: after-mount, command: /usr/local/sbin/lingers}');
    expect(await backUp()).toMatch(/^0 /);
    await assertClosed(lab);
    expect(await lab.guest.ask("pgrep -f 'sleep 359[7]' || true")).toBe('');
  });
});
