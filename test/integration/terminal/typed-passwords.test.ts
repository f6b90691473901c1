import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inSandbox } from '../keys/sandbox.ts';

const driver = join(import.meta.dirname, '../../lab/on-guest/at-a-terminal.py');
const part = (text: string, name: string): string =>
  new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(text)?.[1]?.trim() ?? `no ${name}`;

/** A shell command: a person calls our program, waits for words and types answers. */
const person = (command: string, ...steps: [words: string, answer: string][]): string =>
  `/usr/bin/python3 ${driver} "$NODE" "$PROGRAM/cli.js" ${command} <<'STEPS'\n${JSON.stringify(steps)}\nSTEPS\n`;

describe('a password that is typed', () => {
  it('wrongly is asked for three times, and the right one unlocks', () => {
    const { stdout } =
      inSandbox(`ready_station 'correct horse'; rm /mnt/ramfs/*; mkdir -p /run/state; mount --bind /run/state /var/lib
      ${person('unlock', ['disks:', 'another horse\r'], ['Try again', ''], ['disks:', 'short\r'], ['Try again', ''], ['disks:', 'correct horse\r'])} echo "<right>$? $(ls /mnt/ramfs)</right>"
      rm /mnt/ramfs/*
      ${person('unlock', ['disks:', 'another horse\r'], ['Try again', ''], ['disks:', 'an other one\r'], ['Try again', ''], ['disks:', 'and a third\r'], ['password is wrong', ''])} echo "<wrong>$? $(ls /mnt/ramfs)</wrong>"`);
    expect(part(stdout, 'right')).toBe('0 id_ed25519.decrypted\nluks_pw');
    expect(part(stdout, 'wrong')).toBe('12');
    expect(stdout).not.toContain('horse');
  });

  it('anew is judged before it is to be typed again, and asked for anew when the two differ', () => {
    const { stdout } = inSandbox(`ready_station 'correct horse'; mkdir -p /run/state; mount --bind /run/state /var/lib
      ${person(
        'key change --scrypt-memory 16M',
        ['none):', '\n'],
        ['New password', 'short\r'],
        ['too short', ''],
        ['New password', 'password1\r'],
        ['easy to guess', ''],
        ['same again', 'password2\r'],
        ['two passwords differ', ''],
        ['New password', 'one two three four\r'],
        ['same again', 'one two three four\r'],
      )} echo "<code>$?</code>"; printf 'one two three four' | extbackup unlock --password-stdin; echo "<new>$?</new>"`);
    expect([part(stdout, 'code'), part(stdout, 'new')]).toEqual(['0', '0']);
    expect(stdout).toContain('recovery-sheet --confirm');
  });
});
