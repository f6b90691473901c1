import { UsageError } from '../errors.ts';
import { plainSender } from './plain-sender.ts';

/** The facts about this station that a server without sudo and rrsync needs. */
export interface PlainSetup {
  /** Directory that the station may read, and nothing else. */
  readonly directory: string;
  /** The station's public keys, `TYPE BASE64 COMMENT`. */
  readonly publicKeys: readonly string[];
}

const options = 'no-agent-forwarding,no-port-forwarding,no-pty,no-user-rc,no-X11-forwarding';
const directoryPattern = /^\/[A-Za-z0-9._/-]*$/;
const keyPattern = /^ssh-(?:ed25519|rsa) ([A-Za-z0-9+/]+={0,2}) [A-Za-z0-9@._-]+$/;

/**
 * A POSIX sh script for the account that the station logs in as, which needs no other right: it writes the forced command
 * and the key into the account's `.ssh`. It can be run any number of times.
 * @throws UsageError when a name could mean something else in authorized_keys
 */
export function renderPlainScript({ directory: wanted, publicKeys }: PlainSetup): string {
  const directory = wanted.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '');
  if (!directoryPattern.test(directory) || directory.split('/').some((part) => part === '.' || part === '..'))
    throw new UsageError(
      '--directory must be an absolute path of letters, digits, and . _ - / only.',
      'Give the directory on the server a plain name.',
    );
  const keys = publicKeys.map((key) => key.trim());
  const bodies = keys.map((key) => keyPattern.exec(key)?.[1]);
  if (keys.length === 0 || bodies.includes(undefined))
    throw new UsageError(
      'The public ssh key of this station has an unexpected form.',
      'It must be one line: type, key and a comment like extbackup@station. See the .pub file in /etc/extbackup.',
    );
  return [
    '#!/bin/sh',
    '# Lets a station of extbackup read one directory of this server, and nothing else, without sudo and rrsync.',
    '# Run it as the account that the station logs in as. It changes .ssh of that account, and nobody else may write to its home.',
    'set -eu',
    `directory='${directory}'`,
    `keys='${keys.join('\n')}'`,
    `bodies='${bodies.join(' ')}'`,
    `options='${options}'`,
    script,
    plainSender.trimEnd(),
    'EXTBACKUP_SENDER',
    ending,
  ].join('\n');
}

const script = String.raw`fail() { echo "extbackup: $1" >&2; exit 1; }
[ "$(id -u)" -ne 0 ] || fail 'run this as the account that the station logs in as, not as root'
command -v rsync >/dev/null || fail 'rsync is missing on this server; switch it on in its settings, or install it'
case $HOME in *[!A-Za-z0-9._/-]*) fail "the home directory $HOME has an unusual name" ;; esac
cd "$directory" 2>/dev/null || fail "$directory does not exist, or this account cannot read it"
ls >/dev/null 2>&1 || fail "this account cannot read $directory"
cd "$HOME"
mkdir -p .ssh
chmod 700 .ssh
# sshd refuses keys below a directory that others can write to.
chmod go-w .
sender=$HOME/.ssh/extbackup-sender
cat >"$sender.new" <<'EXTBACKUP_SENDER'`;

const ending = String.raw`chmod 700 "$sender.new"
mv -f "$sender.new" "$sender"
file=$HOME/.ssh/authorized_keys
[ -e "$file" ] || : >"$file"
{
  while IFS= read -r line || [ -n "$line" ]; do
    is_ours=
    for body in $bodies; do
      case $line in *"$body"*) is_ours=1 ;; esac
    done
    [ -n "$is_ours" ] || printf '%s\n' "$line"
  done <"$file"
  printf '%s\n' "$keys" | while IFS= read -r key; do
    printf 'command="/bin/sh %s %s",%s %s\n' "$sender" "$directory" "$options" "$key"
  done
} >"$file.new"
chmod 600 "$file.new"
mv -f "$file.new" "$file"
SSH_ORIGINAL_COMMAND='rsync --server .' /bin/sh "$sender" "$directory" 2>&1 | grep -q 'read-only' ||
  fail 'the forced command does not work here'
echo "This account lets the station read $directory, and nothing else."
`;
