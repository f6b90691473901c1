import { isUtf8 } from 'node:buffer';
import type { KeySettings } from '../config/schema.ts';
import { KeyError } from '../errors.ts';
import { Secret } from '../system/secret.ts';

const fewestCharacters = 8;
const mostCodePoints = 1024;

/**
 * Converts a typed password into the form for the derivation, and refuses impossible input. For scrypt the form is
 * Unicode NFC, so an accented letter is the same from every keyboard. For sha512 the bytes stay as typed, and length
 * means bytes, as in the old shell scripts: a right password must never be refused. `typed` belongs to this function:
 * it is overwritten when another form is returned and when it is refused.
 * @throws KeyError (EXB_PASSWORD)
 */
export function checkPassword(derivation: KeySettings['derivation'], typed: Secret): Secret {
  try {
    if (typed.reveal().some((byte) => byte === 0 || byte === 0x0a)) {
      throw refused('The password is not one line of text.', 'Give a password without line breaks.');
    }
    const password = derivation === 'scrypt' ? normalised(typed) : typed;
    const codePoints = countCodePoints(password.reveal());
    if (codePoints > mostCodePoints) {
      throw refused(
        `The password is too long: it has more than ${mostCodePoints} Unicode code points.`,
        'Make sure that the right file or text was given.',
      );
    }
    const characters = derivation === 'scrypt' ? countCharacters(password.reveal()) : password.reveal().length;
    if (characters === 0)
      throw refused('The password is empty.', 'Type it, or with --password-stdin give it on standard input.');
    if (characters < fewestCharacters) {
      throw refused(
        `The password is too short: it has ${characters} of at least ${fewestCharacters} characters.`,
        'Give a longer one; several words are fine.',
      );
    }
    return password;
  } catch (error) {
    typed.wipe();
    throw error;
  }
}

/**
 * The forms that a typed password may have had when the key was made, the likeliest first. An old set-up read it with
 * bash's `read -s`, which drops blanks at both ends and treats a backslash as an escape; see bash(1), read. Takes over
 * `password`: the caller wipes every form.
 */
export function passwordForms(derivation: KeySettings['derivation'], password: Secret): [Secret, ...Secret[]] {
  if (derivation === 'scrypt') return [password];
  const read = asReadByBash(password.reveal());
  if (!read.reveal().equals(password.reveal())) return [read, password];
  read.wipe();
  return [password];
}

function normalised(typed: Secret): Secret {
  const bytes = typed.reveal();
  if (bytes.every((byte) => byte < 0x80)) return typed; // ASCII is already NFC: make no string
  if (!isUtf8(bytes)) throw refused('The password is not valid UTF-8.', 'Type it on a terminal that is set to UTF-8.');
  const form = new Secret(Buffer.from(bytes.toString('utf8').normalize('NFC'), 'utf8'));
  typed.wipe();
  return form;
}

const backslash = 0x5c;
const isBlank = (byte: number | undefined): boolean => byte === 0x09 || byte === 0x20;

/** With more than one word, bash drops even escaped blanks at the end. */
function asReadByBash(typed: Buffer): Secret {
  const read = Buffer.alloc(typed.length);
  let length = 0;
  let [wordEnd, isOneWord] = [0, true];
  for (let index = 0; index < typed.length; index += 1) {
    const isEscaped = typed[index] === backslash;
    if (isEscaped) index += 1;
    const byte = typed[index];
    if (byte === undefined) break; // a backslash at the end escapes nothing
    const isGap = !isEscaped && isBlank(byte);
    if (isGap && length === 0) continue;
    if (!isGap && wordEnd < length) isOneWord = false;
    read[length] = byte;
    length += 1;
    if (!isGap) wordEnd = length;
  }
  if (!isOneWord) while (isBlank(read[wordEnd - 1])) wordEnd -= 1;
  const form = new Secret(Buffer.from(read.subarray(0, wordEnd)));
  read.fill(0);
  return form;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Counts as a person does: a letter with all its accents is one, and so is an emoji of several parts. */
function countCharacters(bytes: Buffer): number {
  if (bytes.every((byte) => byte < 0x80)) return bytes.length; // make no string
  return [...graphemes.segment(bytes.toString('utf8'))].length;
}

/** Counts the bytes of UTF-8 that start a code point. */
function countCodePoints(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if ((byte & 0xc0) !== 0x80) count += 1;
  return count;
}

const refused = (happened: string, todo: string): KeyError => new KeyError('EXB_PASSWORD', happened, todo);
