import { beforeAll, expect, it } from 'vitest';
import { blockWith, newPassword, password, walk, type Typed } from '../../documents/walk.ts';
import { builtPackage } from '../station.ts';
import { addSettings, assertClosed, installProgram, takeOut, waitForState } from '../stories/operator.ts';
import { atTerminal, give, giveTerminal } from '../stories/person.ts';
import { useStation } from '../stories/use-station.ts';
import type { UsbDisk } from '../usb-disk.ts';

/** The guides for administrators, command by command: each is typed as it stands there, with the right disks plugged in. */
const lab = useStation('BACKUP_1', 'BACKUP_2');
let disks: readonly [UsbDisk, UsbDisk];

/** What the page leaves open, such as devices: variables of the shell. */
type Given = Readonly<Record<string, string>>;
/** What a command said, by its words in the page. */
type Said = Map<string, string>;

/** Types one command. Returns what it said. @throws when it does not end as it should */
async function typeOne(command: string, how: Typed, given: Given): Promise<string> {
  const { instead = command, ends = [0], answers, input = '' } = how;
  const variables = Object.entries(given).map(([name, value]) => `${name}='${value}'; `);
  const script = `set -o pipefail; cd /root; ${variables.join('')}${instead}`;
  if (answers !== undefined) {
    const steps = answers.map(([words, answer]): [string, string] => [words, answer]);
    const shown = await atTerminal(
      lab.guest,
      ['bash', '-c', `trap : INT; export TERM=xterm NO_COLOR=1; ${script}\necho "ended: $?"`],
      ...steps,
    );
    const end = Number(/ended: (\d+)\s*$/.exec(shown)?.[1]);
    if (!ends.includes(end)) throw new Error(`ended with ${end}: ${shown}`);
    return shown;
  }
  const { exitCode, stdout, stderr } = await lab.guest.run(['bash', '-c', script], {
    input,
    okCodes: 'any',
    timeoutMs: 400_000,
  });
  if (!ends.includes(exitCode)) throw new Error(`ended with ${exitCode}: ${stdout}${stderr}`);
  if (/ --json( --watch)?$/.test(command)) for (const line of linesOf(stdout)) JSON.parse(line);
  return stdout;
}

/** An object in one line, or a line for each change; some commands print one object in several lines. */
const linesOf = (stdout: string): string[] => (/^[[{]\n/.test(stdout) ? [stdout] : stdout.trim().split('\n'));

/** Types a chapter to its end, and names everything that went wrong. */
async function typeAll(chapter: Readonly<Record<string, Typed>>, given: Given = {}): Promise<Said> {
  const said: Said = new Map();
  const wrong: string[] = [];
  for (const [command, how] of Object.entries(chapter)) {
    const begun = performance.now();
    try {
      said.set(command, await typeOne(command, how, given));
    } catch (error) {
      wrong.push(`${command}\n  ${String(error)}`);
    }
    console.log(`${((performance.now() - begun) / 1000).toFixed(0)} s: ${command}`);
  }
  expect(wrong.join('\n\n')).toBe('');
  return said;
}

beforeAll(async () => {
  const { guest, server } = lab;
  disks = lab.drawer as [UsbDisk, UsbDisk];
  await giveTerminal(guest);
  await server.shell(`mkdir -p /backups/projects /backups/mail; cd /backups; echo "dear Ann" > projects/letter.odt
    for i in $(seq 150); do echo "the letter number $i to a customer" > mail/$i.txt; done`);
  // The server of the pages, and an administrator whose ssh gets there as root.
  await guest.shell(
    `sed -i 's/\\bbackup$/backup backup.example.org/' /etc/hosts; mkdir -p -m 700 .ssh; ssh-keygen -q -t ed25519 -N '' -f .ssh/id_ed25519
     printf 'StrictHostKeyChecking no\\nUserKnownHostsFile /dev/null\\nLogLevel ERROR\\n' > .ssh/config
     for place in /media/stick /mnt/new-server; do mkdir -p $place; mount -t tmpfs none $place; done
     mkdir -p /var/lib/prometheus/node-exporter`,
  );
  const key = await guest.ask('cat .ssh/id_ed25519.pub');
  await server.shell('mkdir -p -m 700 /root/.ssh; cat >> /root/.ssh/authorized_keys', { input: `${key}\n` });
  await installProgram(lab, '/usr/local/bin/mail', '#!/bin/sh\n{ echo "$@"; cat; } > /root/mail.txt\n');
  await installProgram(lab, '/usr/local/bin/tell-me', '#!/bin/sh\ncat > /run/extbackup/told\n');
  await addSettings(lab, blockWith('notifications', '/usr/local/bin/tell-me'));
});

it('once: settings, a test of the channel, secrets, a screen, sound and light', async () => {
  const said = await typeAll(walk.once);
  expect(said.get('extbackup config show notify')).toContain('tell-me');
  expect(await lab.guest.ask('cat /run/extbackup/told')).toContain('Ann Smith');
  expect(await lab.guest.ask('stat -c %a /etc/extbackup/smtp_password')).toBe('600');
  await lab.guest.shell('systemctl disable --now extbackup-console@tty1');
});

it('after a boot: the password, the state, and new disks', async () => {
  const { guest } = lab;
  await guest.shell('extbackup lock');
  const [third, fourth] = [
    await lab.newDisk({ name: 'WD3', sizeMb: 200 }),
    await lab.newDisk({ name: 'WD4', sizeMb: 200 }),
  ];
  await guest.plug(third);
  await guest.plug(fourth);
  const given = { NEW_DISK: await guest.deviceOf(third), OTHER_DISK: await guest.deviceOf(fourth) };
  const said = await typeAll(walk.afterBoot, given);
  expect(said.get('extbackup drive list')).toMatch(/BACKUP_1[^]*BACKUP_2[^]*BACKUP_3[^]*BACKUP_4/);
  expect(await guest.ask('cat /root/mail.txt')).toMatch(/^-s station admin@example.org\nthe station is not ready$/);
  for (const disk of [third, fourth]) await takeOut(lab, disk);
});

it('each day: runs, the pause, a look into a disk', async () => {
  await lab.guest.plug(disks[0]);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  const said = await typeAll(walk.eachDay);
  expect(said.get('extbackup history --limit 5')).toContain('BACKUP_1');
  await assertClosed(lab);
});

it('files come back, samples are compared, and reports say so', async () => {
  const said = await typeAll(walk.restoring);
  expect(said.get('extbackup restore BACKUP_1 --list projects')).toContain('letter.odt');
  expect(await lab.guest.ask('cat /media/stick/letter.odt /media/stick/at/projects/letter.odt')).toBe(
    'dear Ann\ndear Ann',
  );
  expect(await lab.guest.ask('find /mnt/new-server -name "*.txt" | wc -l')).toBe('150');
  expect(said.get('extbackup recovery-sheet')).toContain(await lab.guest.ask('cat /etc/extbackup/salt'));
  await assertClosed(lab);
});

it('a held run that was right is approved', async () => {
  await lab.server.shell('cd /backups/mail; for i in *; do head -c 3000 /dev/urandom > $i; done');
  await lab.guest.run(['extbackup', 'run'], { okCodes: [14], timeoutMs: 400_000 });
  const said = await typeAll(walk.held);
  expect(said.get('extbackup approve LABEL --show --json')).toContain('"changed":150');
});

it('something changes: the server, the keys, the disks', async () => {
  const { guest } = lab;
  const { 'extbackup drive rekey BACKUP_2': rekey, ...rest } = walk.changes;
  const commands = Object.entries(rest);
  const at = commands.findIndex(([command]) => command === 'extbackup drive rekey --json');
  await typeAll(Object.fromEntries(commands.slice(0, at)));
  await guest.run(['extbackup', 'lock']);
  expect(await give(guest, newPassword, 'unlock')).toMatch(/^0 /);
  await guest.plug(disks[1]);
  await waitForState(lab, 'BACKUP_2', ['failed']); // it has the old key
  await typeAll({ 'extbackup drive rekey BACKUP_2': rekey });
  await waitForState(lab, 'BACKUP_2', ['safe-to-unplug']);
  const said = await typeAll(Object.fromEntries(commands.slice(at)));
  expect(said.get('extbackup drive lost BACKUP_2')).toContain('extbackup key change');
  expect(await guest.ask('extbackup drive list')).not.toMatch(/BACKUP_[14]/);
});

it('a new station with a copy of /etc/extbackup opens the disks', async () => {
  const { guest } = lab;
  await guest.copyIn(await builtPackage(), '/root/extbackup_0.1.0_amd64.deb');
  await guest.shell(
    `mkdir /media/stick/etc-extbackup; cp -a /etc/extbackup/. /media/stick/etc-extbackup/
     DEBIAN_FRONTEND=noninteractive dpkg --purge extbackup; rm -rf /etc/extbackup /var/lib/extbackup`,
    { timeoutMs: 600_000 },
  );
  await typeAll(walk.withCopy);
  const unlock = await atTerminal(guest, ['extbackup', 'unlock'], ['Password of the', `${newPassword}\n`]);
  expect(unlock).not.toContain('not right');
  const devices = await Promise.all(disks.map((disk) => guest.deviceOf(disk)));
  for (const device of devices)
    await guest.shell(`cryptsetup open --test-passphrase --key-file /mnt/ramfs/luks_pw ${device}1`);
});

it('a new station with the sheet makes the same key, enrols the disks and is let in; another is set up without questions', async () => {
  const { guest, server } = lab;
  const salt = await guest.ask('cat /etc/extbackup/salt');
  const isNew = 'extbackup lock; rm -rf /etc/extbackup/* /var/lib/extbackup/*; systemctl restart extbackup';
  await guest.shell(isNew);
  const [DISK, OTHER_DISK] = [await guest.deviceOf(disks[0]), await guest.deviceOf(disks[1])];
  const { 'install -m 600 /dev/stdin /etc/extbackup/salt': install, ...rest } = walk.withSheet;
  const { 'extbackup setup --answers answers.yaml </run/keys/backup-password': answers, ...others } = rest;
  await typeAll({ 'install -m 600 /dev/stdin /etc/extbackup/salt': { ...install, input: `${salt}\n` } });
  await typeAll(others, { DISK, OTHER_DISK });
  await guest.run(['extbackup', 'run', '--drive', 'BACKUP_1'], { timeoutMs: 400_000 });
  await assertClosed(lab);

  await guest.shell(isNew);
  const fingerprint = (await server.ask('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')).split(' ')[1] ?? '';
  await guest.write('/root/answers.yaml', blockWith('scripting', 'host-key:').replace(/SHA256:A+/, fingerprint));
  await guest.shell('mkdir -p -m 700 /run/keys; cat > /run/keys/backup-password', { input: `${password}\n` });
  await typeAll({ 'extbackup setup --answers answers.yaml </run/keys/backup-password': answers });
  expect(await guest.ask('cat /root/recovery-sheet.txt')).toContain(await guest.ask('cat /etc/extbackup/salt'));
  expect(await guest.ask('ls /mnt/ramfs')).toBe('id_ed25519.decrypted\nluks_pw');
});
