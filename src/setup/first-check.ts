import { updateConfig } from '../config/write.ts';
import type { KeySettings } from '../config/schema.ts';
import { KeyError } from '../errors.ts';
import type { Secret } from '../system/secret.ts';
import { askYes } from '../terminal/ask-question.ts';
import { checkValueOf } from '../keys/derivation.ts';

/**
 * Asks whether a key may be used without a check value. On a machine that has lost its check value, a mistyped password
 * would otherwise become the new one.
 * @throws KeyError when it is not confirmed
 */
export async function confirmFirstKey(context: { note(text: string): void }): Promise<void> {
  context.note('No check value is stored yet, so a wrong password cannot be told from a right one.');
  if (process.stdin.isTTY && (await askYes('The key seems to be new: is this the first set-up?'))) return;
  throw new KeyError(
    'EXB_KEY_REJECTED',
    'No check value is stored, so the password could not be checked.',
    'If this is the first set-up: extbackup unlock --first. Otherwise put key.check back into the configuration.',
  );
}

/** Stores the check value of a key, so that from now on a wrong password is recognised. */
export async function rememberCheck(configFile: string, settings: KeySettings, key: Secret): Promise<void> {
  await updateConfig(configFile, [{ path: ['key', 'check'], value: checkValueOf(settings.derivation, key) }]);
}
