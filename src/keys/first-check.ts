import { updateConfig } from '../config/write.ts';
import type { KeySettings } from '../config/schema.ts';
import { KeyError } from '../errors.ts';
import type { Paths } from '../system/paths.ts';
import type { Secret } from '../system/secret.ts';
import { askYes } from './ask-question.ts';
import { checkValueOf } from './derivation.ts';

/**
 * Stores the check value of a key that is used for the first time, after asking: on a machine that has lost its check
 * value, a mistyped password would otherwise become the new one.
 * @param sure do not ask
 * @throws KeyError when nobody confirms it
 */
export async function rememberFirstCheck(context: { readonly paths: Paths; note(text: string): void }, settings: KeySettings, key: Secret, sure: boolean): Promise<void> {
  if (!sure) {
    context.note('No check value is stored yet, so a wrong password cannot be told from a right one.');
    if (!process.stdin.isTTY || !(await askYes('The key seems to be new: is this the first set-up?'))) {
      throw new KeyError('EXB_KEY_REJECTED', 'No check value is stored, so the password could not be checked.', 'If this is the first set-up: extbackup unlock --first. Otherwise put key.check back into the configuration.');
    }
  }
  await updateConfig(context.paths.config, [{ path: ['key', 'check'], value: checkValueOf(settings.derivation, key) }]);
}
