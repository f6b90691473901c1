import { beforeAll, expect, it } from 'vitest';
import { inSandbox } from '../keys/sandbox.ts';
import { oldStationWithDisks } from './disk-station.ts';

/** A station set up by hand moves to scrypt: nothing stays on which billions of passwords could be tried per second. */
const part = (text: string, name: string): string =>
  new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(text)?.[1]?.trim() ?? `no ${name}`;

let out = '';
let told = '';
beforeAll(() => {
  const { stdout, stderr } = inSandbox(`${oldStationWithDisks} plugged A; list=/var/lib/extbackup/previous-keys.json
    echo "<before>$(cat /etc/extbackup/config.yaml)</before><sha1>$sha1</sha1>"
    printf 'old password' | extbackup key change --password-stdin --scrypt-memory 16M; echo "<same>$? $(opens A "$room/old") $(slots A) $(ls "$list" /etc/extbackup/*.next 2>/dev/null)</same>"
    printf 'the new password' | extbackup key change --password-stdin --scrypt-memory 16M >/dev/null; echo "<changed>$? $(opens A "$room/old") $(slots A)</changed>"
    echo "<sha1left>$(grep -rl "$sha1" /etc/extbackup /var/lib/extbackup)</sha1left><kept>$(extbackup doctor | grep ' old-checks')</kept>"
    printf 'old password' | extbackup key change --password-stdin --scrypt-memory 16M; echo "<back>$?</back>"
    rm /mnt/ramfs/luks_pw.previous; plugged B
    printf 'no such password' | extbackup drive rekey B --password-stdin; echo "<wrong>$? $(opens B "$room/old")</wrong>"
    cp "$list" "$room/list"; extbackup drive lost B >/dev/null; echo "<lost>$(grep -c slowCheck "$list") $(grep -c '"salt"' "$list")</lost>"
    extbackup drive lost B --undo >/dev/null; cp "$room/list" "$list"
    extbackup drive forget B --yes >/dev/null; echo "<forgot>$(grep -c slowCheck "$list") $(grep -c '"salt"' "$list") $(grep -c B "$list")</forgot>"`);
  [out, told] = [stdout, stderr];
}, 120_000);

it('refuses the same password, and changes nothing', () => {
  expect(part(out, 'before')).toContain(part(out, 'sha1')); // what an old copy of the settings holds
  expect(part(out, 'same')).toBe('12 yes 1');
  expect(told).toMatch(/This password was in use before.*SHA-512[^]*Choose another password/);
});

it('takes another password, and keeps no quick check value for the disk that is away', () => {
  expect(part(out, 'changed')).toBe('0 no 1');
  expect(part(out, 'sha1left')).toBe('');
  expect(part(out, 'kept')).toMatch(/^ok .*until the new key is on: B\. .*whole scrypt/);
});

it('refuses the old password also in a later change', () => {
  expect(part(out, 'back')).toBe('12');
});

it('still tells a wrong old password from the right one', () => {
  expect(part(out, 'wrong')).toBe('12 yes');
});

it('keeps no check value for a disk that is lost or forgotten', () => {
  expect(part(out, 'lost')).toBe('0 1');
  expect(part(out, 'forgot')).toBe('0 1 0');
});
