import type { Secret } from '../system/secret.ts';

/** Below this length, a guessing program has a fair chance. */
const longEnough = 12;
const fewKinds = 5;

/** Words and rows of keys that guessing programs try first, without the usual prefixes and suffixes. */
const tooCommon = [
  ...['password', 'passwort', 'passw0rd', 'kennwort', 'secret', 'geheim', 'letmein', 'welcome', 'willkommen', 'admin'],
  ...['qwerty', 'qwertz', 'azerty', 'asdfgh', 'yxcvbn', 'zxcvbn', '1q2w3e', 'qazwsx', 'abc123', 'iloveyou', 'monkey'],
  ...[
    'dragon',
    'football',
    'baseball',
    'sunshine',
    'princess',
    'summer',
    'sommer',
    'winter',
    'schatz',
    'hallo',
    'hello',
  ],
  ...['master', 'login', 'root', 'debian', 'linux', 'server', 'backup', 'extbackup', 'changeme', 'default', 'trustno1'],
];

/** Most of the password must be something else. */
const shareOfCommon = 0.5;

/**
 * Advice about a weak password that is allowed; undefined for a good one. Works on the
 * bytes and makes no string of them. Length counts most, and several words are the best advice, so no kind of
 * character and no score is required.
 */
export function passwordHint(password: Secret): string | undefined {
  const bytes = Buffer.from(password.reveal());
  try {
    for (const [index, byte] of bytes.entries()) if (byte >= 0x41 && byte <= 0x5a) bytes[index] = byte + 0x20;
    if (new Set(bytes).size < fewKinds) return 'This is easy to guess: it has only a few different characters.';
    if (isRow(bytes)) return 'This is easy to guess: it is a row of characters.';
    const common = tooCommon.find((word) => bytes.includes(word) && word.length >= bytes.length * shareOfCommon);
    if (common !== undefined) return 'This is easy to guess: most of it is a word that guessing programs try first.';
    if (bytes.length < longEnough) return `This is short: ${better}`;
    return undefined;
  } finally {
    bytes.fill(0);
  }
}

const better =
  'a thief of a disk and of the station or the recovery sheet can try many passwords. Four or more unrelated words are better.';

/** Each character is the next one, or the one before: 23456789, hgfedcba. */
function isRow(bytes: Buffer): boolean {
  let [up, down] = [0, 0];
  for (let index = 1; index < bytes.length; index += 1) {
    const step = (bytes[index] ?? 0) - (bytes[index - 1] ?? 0);
    if (step === 1) up += 1;
    if (step === -1) down += 1;
  }
  return Math.max(up, down) >= (bytes.length - 1) * 0.7;
}
