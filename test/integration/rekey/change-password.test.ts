import { beforeAll, describe, expect, it } from 'vitest';
import { stationWithDisks as station } from './disk-station.ts';
import { inSandbox } from '../keys/sandbox.ts';

const part = (text: string, name: string): string =>
  new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(text)?.[1]?.trim() ?? `no ${name}`;

describe('a password change while disk A is plugged in and disk B is away', () => {
  let out: string;
  beforeAll(() => {
    const { stdout, stderr } = inSandbox(`${station} plugged A; mkdir "$room/headers"
      printf 'the new password' | extbackup key change --password-stdin --scrypt-memory 16M --header-backup "$room/headers"; echo "<code>$?</code>"
      echo "<A>$(opens A /mnt/ramfs/luks_pw) $(opens A "$room/old") $(slots A)</A><B>$(opens B "$room/old") $(slots B)</B><header>$(ls "$room/headers")</header>"
      echo "<ram>$(ls -A /mnt/ramfs)</ram><etc>$(ls /etc/extbackup)</etc><plain>$(openssl enc -d -aes-256-cbc -pbkdf2 -iter 600000 -md sha256 -a -in /etc/extbackup/id_ed25519.encrypted -pass file:/mnt/ramfs/luks_pw | cmp - /mnt/ramfs/id_ed25519.decrypted && echo same)</plain>"
      cp /mnt/ramfs/luks_pw "$room/new"; extbackup lock >/dev/null
      printf 'old password' | extbackup unlock --password-stdin; echo "<oldpw>$?</oldpw>"
      printf 'the new password' | extbackup unlock --password-stdin; echo "<newpw>$? $(cmp /mnt/ramfs/luks_pw "$room/new" && echo same)</newpw>"
      plugged A B
      printf 'no such password' | extbackup drive rekey B --password-stdin; echo "<wrong>$? $(opens B "$room/old") $(slots B)</wrong>"
      printf 'old password' | extbackup drive rekey B --password-stdin; echo "<rekey>$? $(opens B /mnt/ramfs/luks_pw) $(opens B "$room/old") $(slots B)</rekey>"
      extbackup drive rekey B </dev/null; echo "<again>$?</again><left>$(cat /var/lib/extbackup/previous-keys.json | tr -d ' \\n')</left><ramleft>$(ls -A /mnt/ramfs)</ramleft><added>$(grep luksAddKey /run/cryptsetup-calls)</added>"`);
    expect(stderr).toContain('Disk A has a keyslot for the new key');
    out = stdout;
  }, 120_000);

  it('gives A the new key alone, and leaves B as it is', () => {
    expect(part(out, 'code')).toBe('0');
    expect(part(out, 'A')).toBe('yes no 1');
    expect(part(out, 'B')).toBe('yes 1');
    expect(out).toContain('extbackup drive rekey B');
  });

  it('saved the header of A as it was, when asked', () => {
    expect(part(out, 'header')).toBe('A.luks-header');
  });

  it('encrypts the ssh key anew and leaves nothing half done', () => {
    expect(part(out, 'plain')).toBe('same');
    expect(part(out, 'etc')).toBe('config.yaml\nid_ed25519.encrypted\nid_ed25519.pub\nsalt');
    expect(part(out, 'ram')).toBe('id_ed25519.decrypted\nluks_pw\nluks_pw.previous');
  });

  it('makes each keyslot as dear as those of a new disk', () => {
    const [toA, toB, ...more] = part(out, 'added').split('\n');
    expect(toA).toMatch(/ --iter-time 2000 --pbkdf argon2id --pbkdf-memory \d{5,} \/dev\/shm\/A /);
    expect(toB).toMatch(/ --iter-time 2000 \/dev\/shm\/B /); // LUKS1, which has pbkdf2 alone
    expect(more).toEqual([]);
  });

  it('makes the new password the only one', () => {
    expect(part(out, 'oldpw')).toBe('12');
    expect(part(out, 'newpw')).toBe('0 same');
  });

  it('lets B be rekeyed later with the old password, and with no other', () => {
    expect(part(out, 'wrong')).toBe('12 yes 1');
    expect(part(out, 'rekey')).toBe('0 yes no 1');
    expect(part(out, 'again')).toBe('0');
    // The salt stays, for a disk that nobody thinks of now; nothing does that a password could be tried on.
    expect(part(out, 'left')).toMatch(/^\{"version":1,"keys":\[\{.*"salt":"[0-9a-f]{64}",.*"pending":\[\]\}$/);
    expect(part(out, 'left')).not.toContain('check');
    expect(part(out, 'ramleft')).toBe('id_ed25519.decrypted\nluks_pw');
  });
});

describe('a password change', () => {
  it('that fails on one disk takes the new key off the others, and the old password stays', () => {
    const { stdout } = inSandbox(`${station} plugged A B; printf 'another key altogether' >"$room/foreign"
      cryptsetup luksAddKey --batch-mode --pbkdf-force-iterations 1000 --key-file "$room/old" /dev/shm/B "$room/foreign"; cryptsetup luksRemoveKey --batch-mode /dev/shm/B "$room/old"
      printf 'the new password' | extbackup key change --password-stdin --scrypt-memory 16M; echo "<code>$?</code><A>$(opens A "$room/old") $(slots A)</A><salts>$(ls /etc/extbackup | grep salt)</salts>"
      extbackup lock >/dev/null; printf 'old password' | extbackup unlock --password-stdin >/dev/null; echo "<old>$? $(cmp /mnt/ramfs/luks_pw "$room/old" && echo same)</old>"`);
    expect([part(stdout, 'code'), part(stdout, 'A'), part(stdout, 'salts'), part(stdout, 'old')]).toEqual([
      '12',
      'yes 1',
      'salt',
      '0 same',
    ]);
  });

  it('that is followed by drive rekey before lock or reboot asks for no old password', () => {
    const { stdout } =
      inSandbox(`${station} printf 'the new password' | extbackup key change --password-stdin --scrypt-memory 16M >/dev/null 2>&1; plugged B
      extbackup drive rekey B </dev/null >/dev/null 2>&1; echo "<rekey>$? $(opens B /mnt/ramfs/luks_pw) $(opens B "$room/old") $(slots B)</rekey>"`);
    expect(part(stdout, 'rekey')).toBe('0 yes no 1');
  });

  it('that was cut off right after the settings changed is completed by the next unlock', () => {
    const { stdout } = inSandbox(`${station} cp -a /etc/extbackup "$room/before"
      printf 'the new password' | extbackup key change --password-stdin --scrypt-memory 16M >/dev/null
      for name in salt id_ed25519.encrypted; do mv /etc/extbackup/$name /etc/extbackup/$name.next; cp -a "$room/before/$name" /etc/extbackup/; done
      extbackup lock >/dev/null; printf 'the new password' | extbackup unlock --password-stdin >/dev/null; echo "<code>$? $(ls /mnt/ramfs)</code><etc>$(ls /etc/extbackup)</etc>"`);
    expect(part(stdout, 'code')).toBe('0 id_ed25519.decrypted\nluks_pw');
    expect(part(stdout, 'etc')).toBe('config.yaml\nid_ed25519.encrypted\nid_ed25519.pub\nsalt');
  });

  it('that was cut off before the old keyslots went is completed by drive rekey, which takes no other password for the old one', () => {
    const { stdout, stderr } =
      inSandbox(`${station} cp /etc/extbackup/salt "$room/salt"; check=$(sed -n 's/ *check: //p' /etc/extbackup/config.yaml)
      printf 'the new password' | extbackup key change --password-stdin --scrypt-memory 16M >/dev/null 2>&1
      cryptsetup luksAddKey --batch-mode --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file "$room/old" /dev/shm/A /mnt/ramfs/luks_pw; rm /mnt/ramfs/luks_pw.previous; plugged A
      "$NODE" -e 'const [uuid, salt, check] = process.argv.slice(1); console.log(JSON.stringify({ version: 1, pending: [{ label: "A", luksUuid: uuid }],
        keys: [{ settings: { derivation: "scrypt", scrypt: { N: 16384, r: 8, p: 1 }, check }, salt, changedAt: "2026-01-01T00:00:00Z" }] }))' "$uuid_A" "$(cat "$room/salt")" "$check" >/var/lib/extbackup/previous-keys.json
      printf 'the new password' | extbackup drive rekey A --password-stdin; echo "<present>$? $(opens A /mnt/ramfs/luks_pw) $(opens A "$room/old")</present>"
      mkdir "$room/headers"; printf 'old password' | extbackup drive rekey A --password-stdin --header-backup "$room/headers"
      echo "<old>$? $(opens A /mnt/ramfs/luks_pw) $(opens A "$room/old") $(slots A) $(ls "$room/headers")</old>"`);
    expect([part(stdout, 'present'), part(stdout, 'old')]).toEqual(['12 yes yes', '0 yes no 1 A.luks-header']);
    expect(stderr).toContain('Saved the LUKS header');
  });

  it('that was cut off before the settings changed leaves the old password in force', () => {
    const { stdout, stderr } =
      inSandbox(`${station} head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \\n' >/etc/extbackup/salt.next; cp /etc/extbackup/salt /etc/extbackup/id_ed25519.encrypted.next
      extbackup lock >/dev/null; printf 'the new password' | extbackup unlock --password-stdin
      printf 'old password' | extbackup unlock --password-stdin >/dev/null; echo "<old>$? $(cmp /mnt/ramfs/luks_pw "$room/old" && echo same)</old>"
      printf 'the new password' | extbackup key change --password-stdin --scrypt-memory 16M >/dev/null; echo "<again>$? $(ls /etc/extbackup)</again>"`);
    expect(stderr).toContain('A password change was interrupted: either the old or the new password is valid.');
    expect(part(stdout, 'old')).toBe('0 same');
    expect(part(stdout, 'again')).toBe('0 config.yaml\nid_ed25519.encrypted\nid_ed25519.pub\nsalt');
  });

  it('lets a lost disk be rekeyed when it is found again, and one that was forgotten be adopted', () => {
    const { stdout, stderr } =
      inSandbox(`${station} mkdir -p /run/extbackup/spool; plugged A; extbackup drive lost B >/dev/null
      printf 'the new password' | extbackup key change --password-stdin --scrypt-memory 16M >"$room/told" 2>/dev/null; echo "<told>$(grep -c rekey "$room/told")</told>"
      extbackup drive lost B --undo >/dev/null; plugged B
      printf 'the new password' | extbackup unlock --password-stdin >/dev/null; rm -f /mnt/ramfs/luks_pw.previous
      printf 'old password' | extbackup drive rekey B --password-stdin; echo "<lost>$? $(opens B /mnt/ramfs/luks_pw) $(opens B "$room/old") $(slots B)</lost>"
      plugged A; cryptsetup luksChangeKey --batch-mode --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file /mnt/ramfs/luks_pw /dev/shm/A "$room/old"; extbackup drive forget A --yes >/dev/null
      printf 'no such password' | extbackup drive adopt /dev/shm/A --old-key --password-stdin; echo "<wrong>$? $(opens A "$room/old") $(slots A)</wrong>"
      printf 'old password' | extbackup drive adopt /dev/shm/A --old-key --password-stdin; echo "<forgotten>$(opens A /mnt/ramfs/luks_pw) $(opens A "$room/old") $(slots A)</forgotten>"`);
    expect([part(stdout, 'told'), part(stdout, 'lost'), part(stdout, 'wrong'), part(stdout, 'forgotten')]).toEqual([
      '0',
      '0 yes no 1',
      '12 yes 1',
      'yes no 1',
    ]);
    expect(stderr).toContain('/dev/shm/A has the present key now');
  });

  it('leaves drive rekey waiting for an old password without holding up anybody', () => {
    const { stdout } = inSandbox(`${station} plugged A
      printf 'the new password' | extbackup key change --password-stdin --scrypt-memory 16M >/dev/null 2>&1; rm /mnt/ramfs/luks_pw.previous; plugged B
      mkfifo "$room/typing"; extbackup drive rekey B --password-stdin <"$room/typing" >/dev/null & exec 7>"$room/typing"; sleep 2
      for lock in /run/extbackup/*.lock; do flock --nonblock "$lock" true || echo "$lock is held"; done
      printf 'old password' >&7; exec 7>&-; wait $!; echo "<rekey>$? $(opens B /mnt/ramfs/luks_pw) $(opens B "$room/old") $(slots B)</rekey>"`);
    expect(stdout).not.toContain('is held');
    expect(part(stdout, 'rekey')).toBe('0 yes no 1');
  });
});
