import { expect } from 'vitest';
import { stationWithDisks } from './disk-station.ts';
import { killAtStep } from './kill-at-step.ts';
import { inSandbox } from '../keys/sandbox.ts';

/** How often, and where, a password change is killed in one go. */
const perSandbox = 8;

const functions = `
  cat >"$room/kill.mjs" <<'END'
${killAtStep}
END
  change() { printf 'the new password' | "$@" key change --password-stdin --scrypt-memory 16M; }
  killed() { KILL_AT=$1 STEPS=/run/steps "$NODE" --import "$room/kill.mjs" "$PROGRAM/cli.js" "\${@:2}"; }
  unlock() { printf '%s' "$1" | extbackup unlock --password-stdin >/dev/null 2>&1; }
  wipe() { rm -f /mnt/ramfs/* /mnt/ramfs/.luks* /mnt/ramfs/.id*; }
  save() { rm -rf "$1"; mkdir "$1"; cp -a /etc/extbackup "$1/etc"; cp -a /var/lib/extbackup "$1/state"; cp -a /mnt/ramfs "$1/ram"; cp --sparse=always /dev/shm/? "$1"; }
  back() { wipe; rm -rf /etc/extbackup /var/lib/extbackup; cp -a "$1/etc" /etc/extbackup; cp -a "$1/state" /var/lib/extbackup; cp -a "$1/ram/." /mnt/ramfs/; cp --sparse=always "$1"/? /dev/shm/; }
  container() { openssl enc -d -aes-256-cbc -pbkdf2 -iter 600000 -md sha256 -a -in /etc/extbackup/id_ed25519.encrypted -pass file:/mnt/ramfs/luks_pw 2>/dev/null | cmp -s - "$room/plain" && echo fits || echo broken; }
  rekeyed() { plugged A B; for disk in A B; do printf 'old password' | extbackup drive rekey $disk --password-stdin >/dev/null 2>&1 || printf '%s: %s ' $disk $?; echo "$disk $(opens $disk /mnt/ramfs/luks_pw) $(opens $disk "$room/old") $(slots $disk)"; done | tr '\\n' ' '; plugged A; }
  whole() { echo "$(container) $(ls -A /etc/extbackup | grep -vE '^config.yaml\.[0-9]+$' | tr '\\n' ' ')"; }
  # A half-written copy of the settings, which holds no secret, is all that may stay.
  plugged A; cp /mnt/ramfs/id_ed25519.decrypted "$room/plain"
`;

/** How many steps a password change has. */
export function countStepsOfChange(): number {
  const { stdout, code } = inSandbox(
    `${stationWithDisks} ${functions} change killed '' >/dev/null 2>&1 && cat /run/steps`,
  );
  expect(code).toBe(0);
  return stdout.trim().split('\n').length;
}

/** What was found after a password change was killed before a step. */
export interface Aftermath {
  readonly step: string;
  readonly story: string;
}

/** All is well: what every story of a killed change has to say. */
export const allIsWell = [
  'killed: 137',
  'run again: 0 fits config.yaml id_ed25519.encrypted id_ed25519.pub salt',
  'rekeyed: A yes no 1 B yes no 1',
  'after a reboot: one password, ssh key same, A yes',
  'run again: 0 fits config.yaml id_ed25519.encrypted id_ed25519.pub salt',
  'rekeyed: A yes no 1 B yes no 1',
].join('\n');

/**
 * Kills a password change before each of these steps (regular expressions, see `kill-at-step.ts`), and goes on in two ways: by running it again at once, and by a reboot, after
 * which one of the two passwords has to unlock, and running it again. Disk A is plugged in, B comes later.
 */
export function killChangeAt(steps: readonly string[]): Aftermath[] {
  const found: Aftermath[] = [];
  for (let first = 0; first < steps.length; first += perSandbox) {
    const { stdout, stderr } = inSandbox(
      `${stationWithDisks} ${functions} save "$room/start"
      for step in ${steps
        .slice(first, first + perSandbox)
        .map((step) => `'${step}'`)
        .join(' ')}; do
        back "$room/start"; echo "<$step>"
        change killed "$step" >/dev/null 2>&1; echo "killed: $?"
        while pgrep -f "^$room/cryptsetup " >/dev/null; do sleep 0.1; done; save "$room/killed"
        change extbackup >/dev/null 2>"$room/said"; code=$?; [ $code = 0 ] || cat "$room/said"
        echo "run again: $code $(whole)"; echo "rekeyed: $(rekeyed)"
        back "$room/killed"; wipe; passwords=0
        for password in 'old password' 'the new password'; do unlock "$password" && passwords=$((passwords + 1)) && right=$password; done
        echo "after a reboot: $([ $passwords = 1 ] && echo one password || echo $passwords passwords), ssh key $(cmp -s "$room/plain" /mnt/ramfs/id_ed25519.decrypted && echo same || echo lost), A $(opens A /mnt/ramfs/luks_pw)"
        change extbackup >/dev/null 2>"$room/said"; code=$?; [ $code = 0 ] || cat "$room/said"
        echo "run again: $code $(whole)"; echo "rekeyed: $(rekeyed)"; echo "</$step>"
      done`,
      900_000,
    );
    for (const step of steps.slice(first, first + perSandbox)) {
      const story = stdout.split(`<${step}>\n`)[1]?.split(`</${step}>`)[0] ?? `no story: ${stderr.slice(-2_000)}`;
      found.push({
        step,
        story: story
          .split('\n')
          .map((line) => line.trim())
          .filter((line) => line !== '')
          .join('\n'),
      });
    }
  }
  return found;
}
