import { looksRandom } from './entropy.ts';

/**
 * The kind of a file by its beginning: `format` is a known format that may be compressed, `random` looks like the
 * output of a cipher, `plain` is anything else, `unknown` is too short to tell.
 */
export type FileKind = 'format' | 'random' | 'plain' | 'unknown';

const text = (words: string): Buffer => Buffer.from(words, 'latin1');
const hex = (digits: string): Buffer => Buffer.from(digits, 'hex');

/** Beginnings of formats, mostly compressed ones, at offset 0 unless given. */
const beginnings: readonly (readonly [Buffer, number?])[] = [
  [text('PK\x03\x04')],
  [text('PK\x05\x06')],
  [hex('1f8b')],
  [text('BZh')],
  [hex('fd377a585a00')],
  [hex('28b52ffd')],
  [hex('04224d18')],
  [text('7z\xbc\xaf\x27\x1c')],
  [text('Rar!')],
  [hex('1f9d')],
  [hex('ffd8ff')],
  [hex('89504e47')],
  [text('GIF8')],
  [text('RIFF')],
  [text('II*\0')],
  [text('MM\0*')],
  [text('ftyp'), 4],
  [hex('0000000c')],
  [text('ID3')],
  [hex('fffb')],
  [hex('fff3')],
  [hex('fff1')],
  [hex('fff9')],
  [text('OggS')],
  [text('fLaC')],
  [hex('1a45dfa3')],
  [hex('000001ba')],
  [hex('000001b3')],
  [hex('3026b275')],
  [text('%PDF')],
  [hex('d0cf11e0a1b11ae1')],
  [text('8BPS')],
  [text('SQLite format 3')],
  [text('wOF')],
  [text('FLV')],
  [text('LUKS')],
  [text('QFI\xfb')],
  [text('KDMV')],
  [hex('03d9a29a')],
  [text('age-encryption.org')],
  [text('Salted__')],
  [text('-----BEGIN ')],
  [hex('7f454c46')],
  [text('MZ')],
  [text('hsqs')],
  [text('!BDN')],
];

/** The parts to test for randomness: the beginning, and the whole sample, because some ciphers leave a header. */
const headSize = 4096;

export function kindOfFile(bytes: Buffer): FileKind {
  if (beginnings.some(([wanted, at = 0]) => bytes.subarray(at, at + wanted.length).equals(wanted))) return 'format';
  if (looksRandom(bytes.subarray(0, headSize)) || looksRandom(bytes)) return 'random';
  return bytes.length >= 512 || bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 0x09 && byte <= 0x0d))
    ? 'plain'
    : 'unknown';
}

/** Endings of files with a known beginning, see {@link kindOfFile}, or without random bytes. */
const honestEndings = new Set(
  (
    'txt csv md html htm xml json js ts py c h log ini conf sql tex eml svg rtf yml yaml sh php css ' +
    'docx xlsx pptx docm xlsm odt ods odp doc xls ppt ' +
    'pdf jpg jpeg png gif tif tiff zip gz bz2 xz 7z rar mp4 m4a mov mkv flac ogg'
  ).split(' '),
);

/** Whether one of the last two endings of a name promises content that is not random: `a.docx`, `a.docx.locked`. */
export const promisesOrder = (path: string): boolean =>
  path
    .slice(path.lastIndexOf('/') + 1)
    .toLowerCase()
    .split('.')
    .slice(1)
    .slice(-2)
    .some((ending) => honestEndings.has(ending));
