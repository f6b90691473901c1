import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { typedOn } from './commands.ts';

/** Pages whose every command is typed in test/lab/long/documents.test.ts or documents-changes.test.ts, or is in {@link leftOut}. */
export const walkedPages = ['administration', 'recovery', 'scripting', 'notifications'] as const;

const page = (name: string): string => readFileSync(join(import.meta.dirname, `../../docs/${name}.md`), 'utf8');

/** All their commands, each once. */
export const documented = (): string[] => [...new Set(walkedPages.flatMap((name) => typedOn(page(name))))];

/** The fenced block of a page that holds these words. */
export function blockWith(name: (typeof walkedPages)[number], words: string): string {
  const [, text] =
    [...page(name).matchAll(/```\w*\n([^]*?)```/g)].find(([, block = '']) => block.includes(words)) ?? [];
  if (text === undefined) throw new Error(`${name}.md has no block with ${words}`);
  return text;
}

/** What a person types, and what comes of it. */
export interface Typed {
  /** What is typed in place of the page's examples, such as a label or a device. */
  readonly instead?: string;
  /** Exit codes; without them, only 0. */
  readonly ends?: readonly number[];
  /** At a terminal: words that are waited for, and answers. */
  readonly answers?: readonly (readonly [words: string, answer: string])[];
  /** Standard input. */
  readonly input?: string;
}

const enter = '\r';
export const password = 'correct horse battery staple';
export const newPassword = 'three green bottles of rain';
const ownPassword: Typed['answers'] = [['Password of the backup disks', `${password}\n`]];
const guide: Typed['answers'] = [
  ['Backup server', '\n'],
  ['ssh port', '\n'],
  ['go without a backup', '\n'],
  ['be told of news', '\n'],
];

/** The commands in the order in which they are typed, by the chapters of the story. */
export const walk = {
  once: {
    'extbackup config set contact "Ann Smith, +41 44 123 45 67"': {},
    'extbackup config check': {},
    'extbackup config check --json': {},
    'extbackup notify test': {},
    'extbackup notify test --json': {},
    'extbackup config set rotation.every 2w': {},
    'extbackup config set rotation.offline 10d': {},
    'extbackup config set history.keep.age 180d': {},
    "extbackup config set pull.requires '[projects, mail]'": {},
    'extbackup config set drill.every 13w': {},
    'extbackup config set report.every 1w': {},
    'extbackup config set check.readable true': {},
    'extbackup config set metrics.textfile /var/lib/prometheus/node-exporter/extbackup.prom': {},
    'extbackup quick-card --html /root/card.html': {},
    'extbackup config example': {},
    'extbackup config show --json': {},
    'extbackup config show notify': {},
    'systemctl enable --now extbackup-console@tty1': {},
    "printf '%s\\n' PASSWORD > /etc/extbackup/smtp_password; chmod 0600 /etc/extbackup/smtp_password": {},
    'systemd-creds encrypt --name=ntfy_token - /etc/credstore.encrypted/ntfy_token': { input: 'tk_secret' },
    'modprobe pcspkr': {},
    'extbackup signal test': {},
    'extbackup signal test --json': {},
  },
  afterBoot: {
    'extbackup status --check': { ends: [12] },
    "extbackup status --check >/dev/null || echo 'the station is not ready' | mail -s station admin@example.org": {},
    'extbackup unlock': { answers: ownPassword },
    'extbackup status': {},
    'extbackup status --json': {},
    'extbackup status --watch': { ends: [130], answers: [['BACKUP_2', '\u0003']] },
    'extbackup drive prepare /dev/sdb --label BACKUP_3': {
      instead: 'extbackup drive prepare $NEW_DISK --label BACKUP_3',
      answers: [['type the new label', 'BACKUP_3\n']],
    },
    'extbackup drive prepare --json': {
      instead: 'extbackup drive prepare $OTHER_DISK --label BACKUP_4 --yes --json',
    },
    'extbackup drive list': {},
    'extbackup drive list --json': {},
  },
  eachDay: {
    'extbackup run --drive BACKUP_1': {},
    'extbackup run --json': {},
    'extbackup run --json --watch': {},
    'extbackup history --limit 5': {},
    'extbackup history --json': {},
    'extbackup pause --for 2h': {},
    'extbackup resume': {},
    'extbackup pause --json': {},
    'extbackup resume --json': {},
    'extbackup mount BACKUP_1': {},
    'extbackup umount': {},
    'extbackup release': {},
    'extbackup release --json': {},
    'extbackup cancel': {},
    'extbackup cancel --json': {},
    'journalctl -u extbackup -o cat': {},
  },
  restoring: {
    'extbackup restore BACKUP_1 --list projects': {},
    'extbackup restore BACKUP_1 projects/letter.odt --to /media/stick': {},
    'extbackup restore BACKUP_1 projects --at 2026-11-20 --to /media/stick': {
      instead: 'extbackup restore BACKUP_1 projects --at "$(date +%F)" --to /media/stick/at',
    },
    'extbackup restore BACKUP_1 . --to /mnt/new-server': {},
    'extbackup restore': {
      answers: [
        ['as of the last backup', 'enough'],
        ['backup enough', enter],
      ],
    },
    'extbackup restore LABEL PATH --list --json': { instead: 'extbackup restore BACKUP_1 projects --list --json' },
    'extbackup rollback LABEL --list --json': { instead: 'extbackup rollback BACKUP_1 --list --json' },
    'extbackup drill': {},
    'extbackup drill --json': {},
    'extbackup verify BACKUP_1': {},
    'extbackup verify --json': {},
    'extbackup history --actions': {},
    'extbackup report --html /root/backups.html': {},
    'extbackup report --evidence --html /root/evidence.html --since 2026-01-01': {},
    'extbackup report --json': {},
    'extbackup check': { ends: [0, 1, 2] },
    'extbackup check --json': { ends: [0, 1, 2] },
    'extbackup doctor': { ends: [0, 3] },
    'extbackup doctor --json': { ends: [0, 3] },
    'extbackup doctor --fix': { ends: [0, 3] },
    'extbackup recovery-sheet': {},
  },
  held: {
    'extbackup approve LABEL --show --json': { instead: 'extbackup approve BACKUP_1 --show --json' },
    'extbackup approve BACKUP_1 --reason "new scanner"': {},
  },
  changes: {
    'extbackup config set attestation.id "$(cat /proc/sys/kernel/random/uuid)"': {},
    'extbackup server-setup --heartbeat | ssh root@backup.example.org sh': {},
    'extbackup setup --trust-host-key --replace-host-key': { answers: guide },
    'extbackup setup': { answers: guide },
    'extbackup ssh-key rotate': {},
    'extbackup server-setup | ssh root@backup.example.org sh': {},
    'extbackup key change': {
      instead: 'extbackup key change --scrypt-memory 64M',
      answers: [
        ['copy of the LUKS headers', '\n'],
        ['New password', `${newPassword}\r`],
        ['same again', `${newPassword}\r`],
      ],
    },
    'extbackup drive rekey BACKUP_2': {
      answers: [
        ['copy of the LUKS headers', '\n'],
        ['Old password', `${password}\r`],
      ],
    },
    'extbackup drive rekey --json': { instead: 'extbackup drive rekey BACKUP_2 --json' },
    'extbackup drive retire BACKUP_1': {},
    'extbackup drive retire --json': { instead: 'extbackup drive retire BACKUP_1 --undo --json' },
    'extbackup drive lost BACKUP_2': {},
    'extbackup drive lost --json': { instead: 'extbackup drive lost BACKUP_2 --undo --json' },
    'extbackup drive forget BACKUP_1': { answers: [['Forget BACKUP_1?', 'y\n']] },
    'extbackup drive forget --json': { instead: 'extbackup drive forget BACKUP_4 --yes --json' },
    'extbackup config set language de': {},
  },
  withCopy: {
    'apt install ./extbackup_*_amd64.deb': {},
    'cp -a /media/stick/etc-extbackup/. /etc/extbackup/': {},
  },
  withSheet: {
    'install -m 600 /dev/stdin /etc/extbackup/salt': {},
    'extbackup setup --scrypt-memory 1G': {
      instead: 'extbackup setup --scrypt-memory 64M',
      answers: [
        ['Backup server', 'extbackup@backup.example.org\n'],
        ['ssh port', '\n'],
        ['keys of your server? [y/N]', 'y\n'],
        ['go without a backup', '\n'],
        ['be told of news', '\n'],
        ['[/backups]', '\n'],
        ['New password', `${newPassword}\r`],
        ['same again', `${newPassword}\r`],
        ['has run there', 'later\n'],
        ['drive adopt /dev/', ''],
        ['Which disk becomes', 'later\n'],
      ],
    },
    'extbackup drive adopt /dev/sdb1': { instead: 'extbackup drive adopt ${DISK}1' },
    'extbackup drive adopt --json': { instead: 'extbackup drive adopt ${OTHER_DISK}1 --json' },
    'extbackup server-setup --directory /backups | ssh root@backup.example.org sh': {},
    'extbackup setup --answers answers.yaml </run/keys/backup-password': {},
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Typed>>>>;

/** Commands that are not typed in the story, and why. */
export const leftOut: Readonly<Record<string, string>> = {
  "extbackup status --json | jq -r '.rotation.next, .rotation.offlineCopy.ageSeconds'":
    'the guest has no jq; test/unit/documents/commands.test.ts follows its paths through the schema',
  'apt-get install apprise': 'the guest has no network',
  'apt-get install alsa-utils': 'the guest has no network',
  'man extbackup': 'the guest has no man; test/package reads the page with the man of this machine',
  'systemctl edit extbackup-courier@.service': 'opens an editor',
};
