import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { blocksOf } from '../../documents/commands.ts';
import { assertClosed, driveNow, lookInside, takeOut, waitForState } from '../stories/operator.ts';
import { useOffice } from '../stories/office.ts';
import { atTerminal, giveTerminal } from '../stories/person.ts';

/** The walk through an attack in docs/bad-days.md: every command of its blocks, in order, typed as it stands there. */
const { lab, writeLetters, encryptOffice, onDisk, onServer } = useOffice();

type Step = [words: string, answer: string];

/** What a person answers to the commands that ask. */
const answers: Readonly<Record<string, Step[]>> = {
  setup: [
    ['Backup server', '\n'],
    ['ssh port', '\n'],
    ['go without a backup', '\n'],
    ['be told of news', '\n'],
  ],
  rollback: [['Go on? [y/N]', 'y\n']],
};

const walk = readFileSync(join(import.meta.dirname, '../../../docs/bad-days.md'), 'utf8').split('\n## ')[1] ?? '';
const blocks = blocksOf(walk).map(({ text }) => text.trim().split('\n'));
let today = '';
let good = '';

/** Types the commands of the next block. The page has a label and a date of its own. Returns what the terminal showed. */
async function typeBlock(begins: string): Promise<string> {
  const lines = blocks.shift() ?? [];
  expect(lines[0]).toMatch(new RegExp(`^extbackup ${begins}`));
  let shown = '';
  for (const line of lines) {
    const command = line.replace(/ +#.*/, '').replaceAll('BACKUP_2', 'BACKUP_1').replaceAll('2026-11-23', today);
    const [, verb = '', isList] = /^extbackup (\S+)(.* --list)?/.exec(command) ?? [];
    const steps = isList === undefined ? (answers[verb] ?? []) : [];
    const text = await atTerminal(lab.guest, ['bash', '-c', `set -o pipefail; ${command}; echo "ended: $?"`], ...steps);
    expect(text, command).toContain('ended: 0');
    shown += text;
  }
  return shown;
}

beforeAll(async () => {
  const { guest, server } = lab;
  await giveTerminal(guest);
  await writeLetters();
  await server.shell('mkdir -p /backups/projects/tender; echo "our offer" > /backups/projects/tender/offer.txt');
  // The server of the page, and an administrator whose ssh gets there as root.
  await guest.shell(
    `sed -i 's/\\bbackup$/backup backup.example.org/' /etc/hosts; mkdir -p -m 700 .ssh; ssh-keygen -q -t ed25519 -N '' -f .ssh/id_ed25519
     printf 'StrictHostKeyChecking no\\nUserKnownHostsFile /dev/null\\nLogLevel ERROR\\n' > .ssh/config
     for place in /media/stick /mnt/new-server; do mkdir -p $place; mount -t tmpfs none $place; done`,
  );
  const key = await guest.ask('cat .ssh/id_ed25519.pub');
  await server.shell('mkdir -p -m 700 /root/.ssh; cat >> /root/.ssh/authorized_keys', { input: `${key}\n` });
  await guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  good = await onDisk();
  await takeOut(lab, lab.disk);
  today = await guest.ask('date +%F');
  await guest.shell('date -s "+24 hours"');
});

it('the run is held, and what it saw is shown while no other run starts', async () => {
  await encryptOffice();
  await lab.guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['held']);
  await typeBlock('pause');
  const shown = await typeBlock('approve');
  expect(shown).toMatch(/^ +150 +0 +0 {2}office\r$/m);
});

it('every earlier state is listed, the urgent files go to a stick, and everything to the new server', async () => {
  const listed = await typeBlock('rollback');
  expect(listed).toContain('tender');
  await typeBlock('restore');
  expect(await lab.guest.ask('find /media/stick -name offer.txt -exec cat {} +')).toBe('our offer');
  await typeBlock('restore');
  await assertClosed(lab);
  const restored = await lab.guest.ask(
    'cd /mnt/new-server; cd "$(dirname "$(find . -maxdepth 2 -name office)")"; find . -type f -print0 | sort -z | xargs -0 -r md5sum | md5sum',
  );
  expect(restored).toBe(good);
});

it('the new server lets the station in by a new ssh key, and the copy is as before the attack', async () => {
  const { guest, server } = lab;
  // Another machine with the same name: no account, other host keys, the restored files.
  await server.shell(
    `userdel -r extbackup; rm -f /etc/sudoers.d/*extbackup*; rm /etc/ssh/ssh_host_*; ssh-keygen -A; kill -HUP 1
     rm -rf /backups/*`,
  );
  await guest.shell(
    'cd /mnt/new-server; cd "$(dirname "$(find . -maxdepth 2 -name office)")"; tar c . | ssh root@backup.example.org tar x -C /backups',
    { timeoutMs: 200_000 },
  );
  expect(await onServer()).toBe(good);
  const before = await guest.ask('cat /etc/extbackup/id_ed25519.pub; cat /etc/extbackup/known_hosts');
  await typeBlock('server-setup');
  const after = await guest.ask('cat /etc/extbackup/id_ed25519.pub; cat /etc/extbackup/known_hosts');
  for (const line of before.split('\n')) expect(after).not.toContain(line);

  await typeBlock('rollback');
  expect(blocks).toEqual([]);
  expect((await driveNow(lab, 'BACKUP_1')).state).toBe('safe-to-unplug');
  expect(await onDisk()).toBe(good);
  await assertClosed(lab);
  const { stdout } = await guest.run(['extbackup', 'drill', 'BACKUP_1', '--against-server'], { timeoutMs: 300_000 });
  expect(stdout).not.toMatch(/differ/);
  expect(await lookInside(lab, lab.disk, (top) => guest.ask(`cat ${top}/LABEL`))).toBe('BACKUP_1');
});
