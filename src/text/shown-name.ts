import { isUtf8 } from 'node:buffer';

/**
 * Characters that a terminal does not show literally: control characters, line separators, and characters that
 * reverse the direction of writing, which make one name look like another.
 */
const unshown = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|\\(?=#[0-7]{3})/gu;

/** The same for a name that is not UTF-8, with one character for each byte. */
const unshownBytes = /[\x00-\x1f\x7f-\xff]|\\(?=#[0-7]{3})/g;

/**
 * A name, or a path, for a person to read: characters that could disturb a terminal are escaped as rsync does it,
 * `\#033`.
 */
export const shownText = (name: string): string => name.replace(unshown, (letter) => escaped(Buffer.from(letter)));

/** The same for the bytes of a name. */
export const shownName = (name: Buffer): string =>
  isUtf8(name)
    ? shownText(name.toString('utf8'))
    : name.toString('latin1').replace(unshownBytes, (byte) => escaped(Buffer.from(byte, 'latin1')));

/** A line of rsync's output, which is escaped already. */
export const shownLine = (line: string): string =>
  line.replace(unshown, (letter) => (letter === '\\' ? letter : escaped(Buffer.from(letter))));

const escaped = (bytes: Buffer): string => [...bytes].map((byte) => `\\#${byte.toString(8).padStart(3, '0')}`).join('');
