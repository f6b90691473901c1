import type { KeySettings } from '../config/schema.ts';
import { scryptMemory } from '../keys/derivation.ts';

/** How the key is derived from salt and password, in words that need no document except the RFC. */
export function describeKey({ derivation, scrypt }: KeySettings): string {
  if (derivation === 'sha512' || scrypt === undefined)
    return 'SHA-512 of the salt, a full stop and the password, as 128 hex digits';
  return (
    `scrypt (RFC 7914) with N=${scrypt.N}, r=${scrypt.r}, p=${scrypt.p} of the password (UTF-8, NFC) and ` +
    'the salt (its 32 bytes), 64 bytes long, as 128 hex digits'
  );
}

/** The parameters as Python's hashlib takes them. */
function scryptArguments(scrypt: NonNullable<KeySettings['scrypt']>): string {
  const { N, r, p } = scrypt;
  const mostMemory = scryptMemory(scrypt) + 128 * r * p + 32 * 1024 * 1024;
  return `password, salt=bytes.fromhex(salt), n=${N}, r=${r}, p=${p}, maxmem=${mostMemory}, dklen=64`;
}

/** Commands that build the key, short enough to read and type. @param salt undefined makes the program ask for it */
export function keyProgram({ derivation, scrypt }: KeySettings, salt: string | undefined): string {
  const given = salt === undefined ? 'input("Salt: ").strip()' : pythonString(salt);
  const make =
    derivation === 'sha512' || scrypt === undefined
      ? `password = getpass.getpass("Password: ")
key = hashlib.sha512((salt + "." + password).encode()).hexdigest()`
      : `password = unicodedata.normalize("NFC", getpass.getpass("Password: ")).encode()
key = hashlib.scrypt(${scryptArguments(scrypt)}).hex()`;
  return `cat > /mnt/recovery-key/make.py <<'END'
import getpass, hashlib, unicodedata
salt = ${given}
${make}
open("/mnt/recovery-key/key", "w").write(key)
END
python3 /mnt/recovery-key/make.py`;
}

/** Only a hand-made salt can contain quotes. */
const pythonString = (text: string): string => JSON.stringify(text);
