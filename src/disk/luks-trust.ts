/** Decides whether a LUKS header is trusted: by an allow-list, and by the facts recorded when the disk was enrolled. */
import { totalmem } from 'node:os';
import { DriveError, type ExtbackupError } from '../errors.ts';
import type { LuksFacts, LuksHeader } from './luks-header.ts';

/** Ciphers that cryptsetup(8) uses or has used for volumes, with their key sizes in bits. */
const ciphers: readonly { readonly pattern: RegExp; readonly keyBits: readonly number[] }[] = [
  { pattern: /^(aes|serpent|twofish|camellia)-xts-plain(64)?$/, keyBits: [256, 512] },
  { pattern: /^(aes|serpent|twofish)-cbc-essiv:sha256$/, keyBits: [128, 192, 256] },
  { pattern: /^(aes|serpent|twofish)-cbc-plain(64)?$/, keyBits: [128, 192, 256] },
  { pattern: /^xchacha(12|20),aes-adiantum-plain64$/, keyBits: [256] },
];
const sectorSizes = [512, 1024, 2048, 4096];
const kdfs = ['argon2id', 'argon2i', 'pbkdf2'];

/**
 * Refuses a header that would make the opened disk anything but an encrypted volume of extbackup.
 * @param name the operator's name for the disk
 * @param enrolled undefined for a disk that is being enrolled, or was enrolled before headers were recorded
 * @param memoryBytes of this machine
 * @throws DriveError with code EXB_LUKS_HEADER; nothing was opened
 */
export function assertTrusted(
  name: string,
  header: LuksHeader | undefined,
  enrolled?: LuksFacts,
  memoryBytes = totalmem(),
): asserts header is LuksHeader {
  if (header === undefined) {
    throw refused(
      name,
      'it cannot be read, or describes no volume',
      'Check its cable; if it was damaged, restore a header backup: cryptsetup luksHeaderRestore.',
    );
  }
  const reason =
    withoutEncryption(header) ?? unusual(header) ?? tooMuchMemory(header, memoryBytes) ?? changed(header, enrolled);
  if (reason !== undefined) throw refused(name, reason.what, reason.todo);
}

interface Reason {
  readonly what: string;
  readonly todo: string;
}

const tampered =
  'Assume that somebody has changed it: keep the disk away from every machine that trusts it, and prepare another one. ' +
  'A header backup shows the original header: cryptsetup luksDump.';

function withoutEncryption({ cipher, keyslots }: LuksHeader): Reason | undefined {
  const isNull = (text: string): boolean => text.includes('null');
  if (isNull(cipher)) {
    return {
      what: `it says ${shown(cipher)}, which is no encryption: everybody could read the files on it`,
      todo: tampered,
    };
  }
  if (keyslots.some((slot) => isNull(slot.cipher))) {
    return {
      what: 'one of its keyslots is not encrypted, so anybody can have put the volume key there',
      todo: tampered,
    };
  }
  return undefined;
}

function unusual(header: LuksHeader): Reason | undefined {
  const [oddity] = header.oddities;
  if (oddity !== undefined)
    return {
      what: `it has ${shown(oddity)}, which extbackup does not use`,
      todo: `Finish a reencryption with cryptsetup reencrypt. ${tampered}`,
    };
  if (!isKnown(header.cipher, header.keyBits)) {
    return {
      what: `its cipher ${shown(header.cipher)} with a key of ${header.keyBits} bits is not on the list of known ones`,
      todo: tampered,
    };
  }
  if (!sectorSizes.includes(header.sectorSize))
    return { what: `its sector size is ${header.sectorSize} bytes`, todo: tampered };
  const slot = header.keyslots.find(({ cipher, keyBits, kdf }) => !isKnown(cipher, keyBits) || !kdfs.includes(kdf));
  if (slot)
    return {
      what: `a keyslot is protected by ${shown(slot.cipher)} and ${shown(slot.kdf)}, which are not on the list of known ones`,
      todo: tampered,
    };
  return undefined;
}

function tooMuchMemory({ keyslots }: LuksHeader, memoryBytes: number): Reason | undefined {
  const most = Math.max(0, ...keyslots.map(({ memoryKiB }) => memoryKiB));
  if (most * 1024 <= memoryBytes * 0.75) return undefined;
  const mib = (kib: number): number => Math.round(kib / 1024);
  return {
    what: `a keyslot asks for ${mib(most)} MiB of memory, and this machine has ${mib(memoryBytes / 1024)} MiB`,
    todo: 'Lower it on a larger machine: cryptsetup luksConvertKey --pbkdf-memory 262144 DEVICE',
  };
}

function changed(header: LuksHeader, enrolled: LuksFacts | undefined): Reason | undefined {
  if (enrolled === undefined) return undefined;
  const names = {
    version: 'LUKS version',
    cipher: 'cipher',
    keyBits: 'key size',
    sectorSize: 'sector size',
    volumeKey: 'volume key',
  };
  const differing = (Object.keys(names) as (keyof LuksFacts)[]).find((fact) => header[fact] !== enrolled[fact]);
  if (differing === undefined) return undefined;
  return {
    what: `its ${names[differing]} is not the one of the disk that was enrolled`,
    todo: `If you changed it yourself (cryptsetup convert, reencrypt), enrol the disk again: extbackup drive adopt. If not: ${tampered}`,
  };
}

const isKnown = (cipher: string, bits: number): boolean =>
  ciphers.some(({ pattern, keyBits }) => pattern.test(cipher) && keyBits.includes(bits));

/** Text from a header, for a terminal. */
const shown = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 60);

/** The error for a header that is not trusted. */
export function refused(name: string, what: string, todo: string): ExtbackupError {
  return new DriveError(
    'EXB_LUKS_HEADER',
    `The LUKS header of ${name} is not trusted: ${what}. The disk was not opened.`,
    todo,
  );
}
