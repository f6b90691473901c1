import { expect, it } from 'vitest';
import { passwordHint } from '../../../src/keys/password-hint.ts';
import { Secret } from '../../../src/system/secret.ts';

const hintFor = (text: string): string | undefined => passwordHint(new Secret(Buffer.from(text)));

it.each([
  ['aaaaaaaaaaaaaaaa', /few different/],
  ['ABABABABABAB', /few different/],
  ['12345678', /row of characters/],
  ['zyxwvutsrqpo', /row of characters/],
  ['Passw0rd!', /guessing programs try first/],
  ['backup2026', /guessing programs try first/],
  ['QWERTZuiop', /guessing programs try first/],
  ['h7#kP2x!', /short/],
])('%s is allowed, and said to be weak', (text, words) => {
  expect(hintFor(text)).toMatch(words);
});

it.each([
  'correct horse battery staple',
  'my backup lives in a green safe',
  'grüne Äpfel rollen bergab',
  'h7#kP2x!vQ9'.padEnd(14, 'zT'),
])('%s needs no word', (text) => {
  expect(hintFor(text)).toBeUndefined();
});

it('leaves the password as it is', () => {
  const password = new Secret(Buffer.from('Correct Horse Battery'));
  passwordHint(password);
  expect(password.reveal().toString()).toBe('Correct Horse Battery');
});
