import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { KeySettings } from '../../../src/config/schema.ts';
import { checkValueOf, deriveKey } from '../../../src/keys/derivation.ts';
import { rememberOldKey } from '../../../src/keys/previous-keys.ts';
import { makeSlowCheck } from '../../../src/keys/slow-check.ts';
import { refuseGuessable } from '../../../src/rekey/guessable.ts';
import type { Paths } from '../../../src/system/paths.ts';
import { Secret } from '../../../src/system/secret.ts';

let top = '';
let paths: Paths;
beforeEach(async () => {
  top = await mkdtemp(`${tmpdir()}/guessable-`);
  paths = { config: top, etc: top, state: top, run: top, ramfs: top, plaintext: top };
});
afterEach(() => rm(top, { recursive: true }));

const cheap = { N: 2 ** 14, r: 8, p: 1 };
const dear = { N: 2 ** 15, r: 8, p: 1 };
const secret = (text: string) => new Secret(Buffer.from(text));
const salt = '33'.repeat(32);
const refused = { code: 'EXB_PASSWORD', message: expect.stringContaining('was in use before') as string };

/** Tries a new password on a station whose present key was made from another one. */
async function tryPassword(settings: KeySettings, present: string, typed: string, wanted = cheap): Promise<void> {
  const key = await deriveKey(settings, secret(present), salt);
  const withCheck = { ...settings, check: checkValueOf(settings.derivation, key) };
  await refuseGuessable(paths, { settings: withCheck, salt }, [secret(typed.normalize('NFC')), secret(typed)], wanted);
}

it('refuses the present password after SHA-512, in each form that it may have had', async () => {
  await expect(tryPassword({ derivation: 'sha512' }, 'old password', 'old password')).rejects.toMatchObject(refused);
  await expect(tryPassword({ derivation: 'sha512' }, 'old password', ' old password ')).rejects.toMatchObject(refused);
  await expect(tryPassword({ derivation: 'sha512' }, 'pa\u0308ssword', 'pa\u0308ssword')).rejects.toMatchObject(
    refused,
  );
  await expect(tryPassword({ derivation: 'sha512' }, 'p\u00e4ssword', 'pa\u0308ssword')).rejects.toMatchObject(refused);
  await tryPassword({ derivation: 'sha512' }, 'old password', 'another password');
});

it('refuses it after a scrypt with less memory, and takes it where a guess gets no cheaper', async () => {
  const before: KeySettings = { derivation: 'scrypt', scrypt: cheap };
  await expect(tryPassword(before, 'old password', 'old password', dear)).rejects.toMatchObject(refused);
  await tryPassword(before, 'old password', 'old password', cheap);
});

it('refuses an earlier password whose check value is still kept', async () => {
  const key = await deriveKey({ derivation: 'sha512' }, secret('first password'), 'old salt');
  const slowCheck = await makeSlowCheck(key, cheap);
  const disks = [{ label: 'A', luksUuid: 'a', state: 'active' }];
  const settings: KeySettings = { derivation: 'sha512', check: checkValueOf('sha512', key) };
  await rememberOldKey(paths, { settings, salt: 'old salt', slowCheck }, disks);
  const present: KeySettings = { derivation: 'scrypt', scrypt: cheap };
  await expect(tryPassword(present, 'old password', 'first password')).rejects.toMatchObject(refused);
  await tryPassword(present, 'old password', 'third password');
});
