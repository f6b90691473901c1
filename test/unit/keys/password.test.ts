import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { KeyError } from '../../../src/errors.ts';
import { checkPassword, passwordForms } from '../../../src/keys/password.ts';
import { passwordFromInput } from '../../../src/terminal/ask-password.ts';
import { Secret } from '../../../src/system/secret.ts';

const secret = (text: string): Secret => new Secret(Buffer.from(text, 'utf8'));
const checked = (text: string, derivation: 'scrypt' | 'sha512' = 'scrypt'): string =>
  checkPassword(derivation, secret(text)).reveal().toString('utf8');

describe('a password of an old set-up', () => {
  it.each([
    'plain enough',
    ' blanks around\t',
    'back\\slash and \\ blank',
    'escaped at the end\\ ',
    'oneword\\ ',
    'oneword\\  ',
    'a \\ ',
    'two \\\\ of them',
    'umlaut \\ä inside',
    '\\',
    '   ',
  ])('%j stands for what read -s of bash makes of it, too', (typed) => {
    const { stdout } = spawnSync('/bin/bash', ['--norc', '-c', 'read -s PASS; printf %s "$PASS"'], {
      input: `${typed}\n`,
      env: { LC_ALL: 'C.UTF-8' },
    });
    const forms = passwordForms('sha512', secret(typed)).map((form) => form.reveal().toString('utf8'));
    expect(forms).toEqual([...new Set([stdout.toString('utf8'), typed])]);
  });

  it('is taken as it is for scrypt', () => {
    expect(passwordForms('scrypt', secret(' a\\b ')).map((form) => form.reveal().toString('utf8'))).toEqual([' a\\b ']);
  });
});

describe('a password', () => {
  it('counts in characters, not in bytes', () => {
    expect(checked('ähöüßéàç')).toBe('ähöüßéàç');
    expect(() => checked('äöüßéàç')).toThrow(/7 of at least 8/);
    expect(checked('🐎🐎🐎🐎🐎🐎🐎🐎')).toBe('🐎🐎🐎🐎🐎🐎🐎🐎');
    expect(() => checked('🐎🐎🐎🐎')).toThrow(KeyError);
  });

  it.each([
    ['a family, which is joined of several emoji', '👨‍👩‍👧‍👦'],
    ['a flag, which is two letters', '🇩🇪'],
    ['a hand with a skin tone', '👋🏽'],
    ['a letter with an accent that Unicode has no single sign for', 'x\u0301'],
    ['a letter with a dozen accents', `e${'\u0301'.repeat(12)}`],
  ])('counts %s as one character', (_, character) => {
    expect(() => checked(character.repeat(7))).toThrow(/it has 7 of at least 8/);
    expect(checked(character.repeat(8))).toBe(character.repeat(8).normalize('NFC'));
  });

  it('that was chosen elsewhere is counted as the shell counted it, so that a right one is never refused', () => {
    const typed = `${'x\u0301'.repeat(3)}ab`;
    expect(
      spawnSync('/bin/bash', ['--norc', '-c', 'read -s PASS; printf %s "${#PASS}"'], {
        input: `${typed}\n`,
        env: { LC_ALL: 'C.UTF-8' },
      }).stdout.toString(),
    ).toBe('8');
    expect(checked(typed, 'sha512')).toBe(typed);
    expect(() => checked(typed)).toThrow(/it has 5 of at least 8/);
  });

  it('is the same for scrypt however its accents were typed', () => {
    expect(checked('mot-de-passe-e\u0301te\u0301')).toBe('mot-de-passe-\u00e9t\u00e9');
  });

  it('stays as it was typed for sha512', () => {
    expect(checked('mot-de-passe-e\u0301', 'sha512')).toBe('mot-de-passe-e\u0301');
    const latin1 = Buffer.from('passwörd!', 'latin1');
    expect(checkPassword('sha512', new Secret(Buffer.from(latin1))).reveal()).toEqual(latin1);
  });

  it('that is not UTF-8 is refused for scrypt', () => {
    expect(() => checkPassword('scrypt', new Secret(Buffer.from('passwörd!', 'latin1')))).toThrow(/UTF-8/);
  });

  it.each(['two\nlines here', 'nul\0 inside it'])('%j is not one line of text', (text) => {
    expect(() => checked(text)).toThrow(/one line/);
  });

  it('may have 1024 code points and no more', () => {
    expect(checked('x'.repeat(1024))).toHaveLength(1024);
    expect(() => checked('x'.repeat(1025))).toThrow(/too long/);
    expect(checked('🐎'.repeat(1024))).toHaveLength(2048);
    expect(() => checked('👋🏽'.repeat(513))).toThrow(/too long/);
  });

  it('is overwritten when it is refused, and when it was brought into another form', () => {
    const short = secret('short');
    expect(() => checkPassword('scrypt', short)).toThrow(KeyError);
    expect(short.reveal().every((byte) => byte === 0)).toBe(true);
    const composed = secret('mot-de-passe-e\u0301');
    checkPassword('scrypt', composed);
    expect(composed.reveal().every((byte) => byte === 0)).toBe(true);
  });

  it('is never part of the message', () => {
    expect(() => checked('hunter2')).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hunter2') as unknown }),
    );
  });
});

describe('standard input', () => {
  it.each([
    ['word word', 'word word'],
    ['word word\n', 'word word'],
    ['word word\r\n', 'word word'],
    ['word word\r', 'word word\r'],
    ['word word\n\n', 'word word\n'],
    [' spaces stay \n', ' spaces stay '],
  ])('%j gives %j', (input, password) => {
    expect(passwordFromInput(Buffer.from(input)).reveal().toString()).toBe(password);
  });

  it('is overwritten once it was taken', () => {
    const input = Buffer.from('word word\n');
    passwordFromInput(input);
    expect(input.every((byte) => byte === 0)).toBe(true);
  });
});
