import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { driveNow, eventsOf, waitForState } from './operator.ts';
import { useStation } from './use-station.ts';

/** Runs without a plug-in, the notices of a run, and the script for the server. */
const lab = useStation('BACKUP_1');

beforeAll(async () => {
  await lab.server.shell('mkdir -p /backups/docs; echo one > /backups/docs/a');
  await lab.guest.snapshot('a disk in the drawer');
});
beforeEach(() => lab.guest.restore('a disk in the drawer'));

/** The notices that the channel of type `command` got. */
const newsIn = async (file: string): Promise<{ kind: string; subject: string; text: string }[]> =>
  (await lab.guest.ask(`cat ${file} 2>/dev/null || true`))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { kind: string; subject: string; text: string });

const tee = '{type: command, command: /usr/bin/tee, args: [-a, /run/extbackup/news]}';
const configure = (...lines: string[]): Promise<unknown> =>
  lab.guest.run(['tee', '-a', '/etc/extbackup/config.yaml'], { input: `${lines.join('\n')}\n` });

describe('the operator', () => {
  it('hears of a success by mail and by command, without a restart of the agent, and a dead channel delays nothing', async () => {
    await lab.guest.copyIn(`${import.meta.dirname}/mail-sink.py`, '/root/mail-sink.py');
    await lab.guest.shell(
      'systemd-run --quiet --unit mail-sink python3 /root/mail-sink.py 2525 /run/mail; while ! ss -ltn | grep -q 2525; do sleep 0.1; done',
    );
    await configure(
      'notify:',
      `  - ${tee}`,
      '  - {type: mail, to: root@example.org, from: station@example.org, host: 127.0.0.1, port: 2525, tls: never}',
      '  - {type: mail, to: root@example.org, from: station@example.org, host: 192.0.2.1}',
    );
    await lab.guest.plug(lab.disk);
    await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
    await lab.guest.waitFor(
      'the news',
      async () =>
        (await newsIn('/run/extbackup/news')).some(({ kind }) => kind === 'success') &&
        (await lab.guest.ask('cat /run/mail || true')).includes('Subject:'),
    );
    const [news] = await newsIn('/run/extbackup/news');
    expect(news).toMatchObject({ kind: 'success', drive: 'BACKUP_1', event: 'run:succeeded' });
    expect(news?.subject).toContain('safe to unplug');
    expect(await lab.guest.ask('cat /run/mail')).toMatch(/^Subject:.*BACKUP_1.*safe to unplug/m);
    expect(await eventsOf(lab, 'agent:started')).toHaveLength(1);
  });

  it('hears of a disk that was connected and never came up', async () => {
    await configure('usb: {warnAfter: 4s}', 'notify:', `  - ${tee}`);
    await lab.guest.plugDead('NOPOWER');
    await lab.guest.waitFor('the warning', async () => (await newsIn('/run/extbackup/news')).length > 0, 90_000);
    const [news] = await newsIn('/run/extbackup/news');
    expect(news).toMatchObject({ kind: 'warning' });
    expect(news?.text).toMatch(/did not come up[^]*cable[^]*power/);
    await lab.guest.unplugDead('NOPOWER');
  });
});

describe('the fallback', () => {
  it('backs up to a disk that was left plugged in, and does nothing while the last success is fresh', async () => {
    await lab.guest.shell('systemctl is-enabled extbackup.timer && exit 1; systemctl stop extbackup');
    await lab.guest.plug(lab.disk);
    await lab.guest.deviceOf(lab.disk);
    await lab.guest.shell('systemctl start extbackup');
    await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
    const { exitCode, stdout, stderr } = await lab.guest.run(['extbackup', 'run', '--scheduled'], {
      okCodes: 'any',
      timeoutMs: 120_000,
    });
    expect(stdout + stderr).toContain('fresh');
    expect(exitCode).toBe(15);
    expect(await eventsOf(lab, 'run:started')).toHaveLength(1);
    await configure('scheduled: {freshFor: 1s}');
    await lab.guest.run(['systemctl', 'start', 'extbackup-scheduled'], { timeoutMs: 120_000 }); // like the timer
    expect((await eventsOf(lab, 'run:started')).map(({ trigger }) => trigger)).toEqual(['plug', 'scheduled']);
    expect((await driveNow(lab, 'BACKUP_1')).state).toBe('safe-to-unplug');
  });
});

describe("udev's rule", () => {
  it.each([
    ['a whole LUKS1 disk', 'luks1', ''],
    ['a LUKS1 partition of an MBR disk', 'luks1', 'dos'],
    ['a LUKS2 partition of an MBR disk', 'luks2', 'dos'],
    ['a LUKS2 partition of a GPT disk', 'luks2', 'gpt'],
  ])('leaves a note for %s, and another when it goes, while no agent runs', async (_what, type, table) => {
    const { guest } = lab;
    const strange = await lab.newDisk({ name: 'STRANGE', sizeMb: 64 });
    await guest.shell('systemctl stop extbackup');
    await guest.plug(strange);
    const device = await guest.deviceOf(strange);
    const volume = table === '' ? device : `${device}1`;
    if (table !== '') await guest.shell(`printf 'label: ${table}\\n,\\n' | sfdisk --quiet ${device}; udevadm settle`);
    await guest.shell(
      `printf secret-password | cryptsetup luksFormat --batch-mode --type ${type} --pbkdf pbkdf2 --pbkdf-force-iterations 1000 ${volume} -`,
    );
    await guest.unplug(strange);
    await guest.waitFor('the disk to be gone', `test ! -e ${device}`);
    await guest.shell('udevadm settle; rm -f /run/extbackup/spool/*');
    await guest.plug(strange);
    const kname = (await guest.deviceOf(strange)).replace('/dev/', '') + (table === '' ? '' : '1');
    const diskseq = await guest.ask(`cat /sys/class/block/${kname.replace(/1$/, '')}/diskseq`);
    expect((await guest.ask('ls /run/extbackup/spool')).split('\n')).toContain(`udev.add.${diskseq}.${kname}`);
    await guest.unplug(strange);
    await guest.waitFor('the note', `test -e /run/extbackup/spool/udev.remove.${diskseq}.${kname}`);
    expect(await guest.ask('find /run/extbackup/spool -type f -size +0')).toBe('');
  });
});

describe('the spool', () => {
  it('moves aside what is no request, tells it and lives on, also what was left there before the agent started', async () => {
    const { guest } = lab;
    const plant = (name: string): string => `cd /run/extbackup/spool
      echo torn > request.${name}-torn.json; head -c 100K /dev/zero > request.${name}-large.json; ln -s /etc/shadow request.${name}-link.json; mkdir ${name}; mkfifo ${name}.fifo`;
    const rejected = async (count: number): Promise<void> => {
      await guest.waitFor('the refusals', async () => (await eventsOf(lab, 'spool:rejected')).length >= count);
      expect(await guest.ask('ls -A /run/extbackup/spool')).toBe('');
    };
    const before = await guest.ask('systemctl show -p MainPID --value extbackup');
    await guest.shell(plant('while'));
    await rejected(5);
    expect(await guest.ask('systemctl show -p MainPID --value extbackup')).toBe(before);
    await guest.shell('systemctl stop extbackup');
    await guest.shell(plant('before'));
    await guest.shell('systemctl start extbackup');
    await rejected(10);
    expect(await guest.ask('ls -A /run/extbackup/rejected | wc -l')).toBe('10');
    expect(
      await guest.isTrue('setpriv --reuid 65534 --clear-groups touch /run/extbackup/spool/request.mine.json'),
    ).toBe(false);
  });
});

describe("the server's script", () => {
  it('changes nothing when it runs a second time', async () => {
    const state =
      'find /etc /home /var/lib/extbackup -xdev ! -name "*-" -type f -exec sha256sum {} + 2>/dev/null | sort; find /etc /home -xdev -printf "%p %U:%G %m\\n" | grep -v -e "-" | sort';
    const before = (await lab.server.shell(state)).stdout;
    const { stdout: script } = await lab.guest.run(['extbackup', 'server-setup']);
    await lab.server.run(['sh'], { input: script });
    expect((await lab.server.shell(state)).stdout).toBe(before);
    await lab.server.run(['visudo', '-c']);
  });
});
