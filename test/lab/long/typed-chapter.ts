import { expect } from 'vitest';
import { blockWith, type Typed } from '../../documents/walk.ts';
import type { Guest } from '../guest.ts';
import type { Lab } from '../lab.ts';
import { addSettings, installProgram } from '../stories/operator.ts';
import { atTerminal, giveTerminal } from '../stories/person.ts';

/** What the page leaves open, such as devices: variables of the shell. */
export type Given = Readonly<Record<string, string>>;
/** What a command said, by its words in the page. */
export type Said = Map<string, string>;

/** Types one command. Returns what it said. @throws when it does not end as it should */
async function typeOne(guest: Guest, command: string, how: Typed, given: Given): Promise<string> {
  const { instead = command, ends = [0], answers, input = '' } = how;
  const variables = Object.entries(given).map(([name, value]) => `${name}='${value}'; `);
  const script = `set -o pipefail; cd /root; ${variables.join('')}${instead}`;
  if (answers !== undefined) {
    const steps = answers.map(([words, answer]): [string, string] => [words, answer]);
    const shown = await atTerminal(
      guest,
      ['bash', '-c', `trap : INT; export TERM=xterm NO_COLOR=1; ${script}\necho "ended: $?"`],
      ...steps,
    );
    const end = Number(/ended: (\d+)\s*$/.exec(shown)?.[1]);
    if (!ends.includes(end)) throw new Error(`ended with ${end}: ${shown}`);
    return shown;
  }
  const { exitCode, stdout, stderr } = await guest.run(['bash', '-c', script], {
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
export async function typeAll(
  guest: Guest,
  chapter: Readonly<Record<string, Typed>>,
  given: Given = {},
): Promise<Said> {
  const said: Said = new Map();
  const wrong: string[] = [];
  for (const [command, how] of Object.entries(chapter)) {
    const begun = performance.now();
    try {
      said.set(command, await typeOne(guest, command, how, given));
    } catch (error) {
      wrong.push(`${command}\n  ${String(error)}`);
    }
    console.log(`${((performance.now() - begun) / 1000).toFixed(0)} s: ${command}`);
  }
  expect(wrong.join('\n\n')).toBe('');
  return said;
}

/** The office of the pages: a server of that name, an administrator whose ssh gets there as root, and letters. */
export async function likeOnThePages(lab: Lab): Promise<void> {
  const { guest, server } = lab;
  await giveTerminal(guest);
  await server.shell(`mkdir -p /backups/projects /backups/mail; cd /backups; echo "dear Ann" > projects/letter.odt
    for i in $(seq 150); do echo "the letter number $i to a customer" > mail/$i.txt; done`);
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
}
