/**
 * Reads LUKS headers. A header is clear text: anybody who had the disk in hand can change it without changing its UUID
 * or making a keyslot invalid, and cryptsetup(8) opens whatever it describes.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import * as z from 'zod';
import { parseJson } from '../system/parse-json.ts';
import type { StartProgram } from '../system/command.ts';

/** The part of a header that stays the same for the life of a volume. It is stored in the list of enrolled disks. */
export const luksFactsSchema = z.object({
  version: z.union([z.literal(1), z.literal(2)]),
  /** The kernel's name, for example aes-xts-plain64. */
  cipher: z.string(),
  /** Size of the volume key in bits. */
  keyBits: z.int().positive(),
  /** Bytes that are encrypted at once. */
  sectorSize: z.int().positive(),
  /** SHA-256, in hex, of the header's own digest of the volume key: another key has another one. */
  volumeKey: z.string(),
});
export type LuksFacts = z.infer<typeof luksFactsSchema>;

/** The parts of a header that decide what an opened disk is. */
export interface LuksHeader extends LuksFacts {
  /** First byte of the encrypted data on the device. */
  readonly dataOffset: number;
  /** How each keyslot in use is protected. */
  readonly keyslots: readonly LuksKeyslot[];
  /** Features that our headers never have: reencryption, integrity, several segments, requirements, unknown flags. */
  readonly oddities: readonly string[];
}

export interface LuksKeyslot {
  /** Cipher that protects the volume key in this slot. */
  readonly cipher: string;
  readonly keyBits: number;
  /** argon2id, argon2i or pbkdf2. */
  readonly kdf: string;
  /** Memory to open it in KiB; 0 for pbkdf2. */
  readonly memoryKiB: number;
}

/**
 * Reads the header that cryptsetup would use; undefined when no header can be read.
 * @throws CommandError when cryptsetup cannot be started, or the device does not answer in time
 */
export async function readLuksHeader(
  start: StartProgram,
  device: string,
  signal?: AbortSignal,
): Promise<LuksHeader | undefined> {
  const { exitCode, stdout } = await start({
    file: '/usr/sbin/cryptsetup',
    args: ['luksDump', '--dump-json-metadata', device],
    timeoutMs: 60_000,
    accept: [1, 4],
    ...(signal && { signal }),
  });
  return exitCode === 0 ? parseLuks2(stdout) : parseLuks1(await readFirst(device, luks1Bytes));
}

/**
 * Saves the LUKS header with its keyslots; see cryptsetup-luksHeaderBackup(8). An existing file is never overwritten.
 * @throws CommandError
 */
export async function saveLuksHeader(
  start: StartProgram,
  device: string,
  file: string,
  signal?: AbortSignal,
): Promise<void> {
  await start({
    file: '/usr/sbin/cryptsetup',
    args: ['luksHeaderBackup', '--batch-mode', '--header-backup-file', file, device],
    timeoutMs: 300_000, // a disk may have to spin up
    ...(signal && { signal }),
  });
}

/** The part that is recorded when a disk is enrolled. */
export function factsOf({ version, cipher, keyBits, sectorSize, volumeKey }: LuksHeader): LuksFacts {
  return { version, cipher, keyBits, sectorSize, volumeKey };
}

const ids = z.record(z.string(), z.unknown());
const keyslotSchema = z.object({
  type: z.string(),
  key_size: z.int().positive(),
  area: z.object({ type: z.string(), encryption: z.string(), key_size: z.int().positive() }),
  kdf: z.object({ type: z.string(), memory: z.number().optional() }),
});
const segmentSchema = z.looseObject({
  type: z.string(),
  offset: z.string().regex(/^\d{1,15}$/),
  size: z.string(),
  encryption: z.string(),
  sector_size: z.int(),
});
const digestSchema = z.object({ segments: z.array(z.string()), salt: z.string(), digest: z.string() });
const luks2Schema = z.object({
  keyslots: ids,
  segments: ids,
  digests: z.record(z.string(), digestSchema),
  config: z.looseObject({
    flags: z.array(z.string()).optional(),
    requirements: z.looseObject({ mandatory: z.array(z.string()).optional() }).optional(),
  }),
});

const knownSegment = new Set(['type', 'offset', 'size', 'iv_tweak', 'encryption', 'sector_size']);
/** Persistent flags of cryptsetup(8) that change how fast a volume is, not what it is. */
const harmlessFlags = new Set([
  'allow-discards',
  'same-cpu-crypt',
  'submit-from-crypt-cpus',
  'no-read-workqueue',
  'no-write-workqueue',
]);

/** The JSON of a LUKS2 header; see the LUKS2 On-Disk Format Specification, chapter 3. */
export function parseLuks2(json: string): LuksHeader | undefined {
  const header = parseJson(luks2Schema, json);
  const segment = segmentSchema.safeParse(header?.segments['0']).data;
  const digest = Object.values(header?.digests ?? {}).find(({ segments }) => segments.includes('0'));
  if (header === undefined || segment === undefined || digest === undefined) return undefined;
  const slots = Object.values(header.keyslots).map((slot) => keyslotSchema.safeParse(slot).data);
  const keyslots = slots.filter((slot) => slot?.type === 'luks2' && slot.area.type === 'raw');
  const [first] = keyslots;
  if (first === undefined) return undefined;
  return {
    version: 2,
    cipher: segment.encryption,
    keyBits: first.key_size * 8,
    sectorSize: segment.sector_size,
    volumeKey: fingerprint(Buffer.from(digest.salt, 'base64'), Buffer.from(digest.digest, 'base64')),
    dataOffset: Number(segment.offset),
    keyslots: keyslots.flatMap((slot) =>
      slot === undefined
        ? []
        : [
            {
              cipher: slot.area.encryption,
              keyBits: slot.area.key_size * 8,
              kdf: slot.kdf.type,
              memoryKiB: slot.kdf.memory ?? 0,
            },
          ],
    ),
    oddities: [
      ...(Object.keys(header.segments).length === 1 ? [] : ['more than one segment']),
      ...(segment.type === 'crypt' ? [] : [`a segment of type ${segment.type}`]),
      ...(segment.size === 'dynamic' ? [] : ['a segment that does not reach to the end of the device']),
      ...(segment['iv_tweak'] === '0' ? [] : ['a segment whose sector numbers do not begin at 0']),
      ...Object.keys(segment)
        .filter((key) => !knownSegment.has(key))
        .map((key) => `a segment with ${key}`),
      ...(keyslots.length === slots.length ? [] : ['a keyslot that is not of type luks2']),
      ...(keyslots.some((slot) => slot?.key_size !== first.key_size) ? ['keyslots for keys of several sizes'] : []),
      ...(header.config.requirements?.mandatory ?? []).map((name) => `the requirement ${name}`),
      ...(header.config.flags ?? []).filter((flag) => !harmlessFlags.has(flag)).map((flag) => `the flag ${flag}`),
    ],
  };
}

/** Of both versions: the magic, the version, and the place of the UUID, which ends with a zero byte. */
const magic = 'LUKS\xba\xbe';
const uuidAt = { begin: 168, end: 208 } as const;

/** The UUID in the binary header at the begin of a device; undefined for anything else. */
export function uuidIn(bytes: Buffer): string | undefined {
  if (bytes.length < luks1Bytes || !bytes.toString('latin1', 0, magic.length).startsWith(magic)) return undefined;
  if (![1, 2].includes(bytes.readUInt16BE(magic.length))) return undefined;
  const uuid = bytes.toString('latin1', uuidAt.begin, uuidAt.end).replace(/\0.*$/s, '');
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uuid) ? uuid : undefined;
}

/** Size of the LUKS1 header without key material; see the LUKS On-Disk Format Specification, version 1.2. */
const luks1Bytes = 592;
const luks1Enabled = 0x00ac71f3;

/** The binary header of LUKS1. */
export function parseLuks1(bytes: Buffer): LuksHeader | undefined {
  if (bytes.length < luks1Bytes || bytes.toString('latin1', 0, 6) !== magic || bytes.readUInt16BE(6) !== 1) {
    return undefined;
  }
  const text = (from: number): string => bytes.toString('latin1', from, from + 32).replace(/\0.*$/s, '');
  const cipher = `${text(8)}-${text(40)}`;
  const keyBits = bytes.readUInt32BE(108) * 8;
  const slots = Array.from({ length: 8 }, (_, index) => bytes.readUInt32BE(208 + index * 48));
  const used = slots.filter((state) => state === luks1Enabled);
  if (used.length === 0 || keyBits === 0) return undefined;
  return {
    version: 1,
    cipher,
    keyBits,
    sectorSize: 512,
    volumeKey: fingerprint(bytes.subarray(112, 132), bytes.subarray(132, 164)),
    dataOffset: bytes.readUInt32BE(104) * 512,
    keyslots: used.map(() => ({ cipher, keyBits, kdf: 'pbkdf2', memoryKiB: 0 })),
    oddities: [],
  };
}

/** Length before content, so that two different pairs never hash alike. */
function fingerprint(first: Buffer, second: Buffer): string {
  return createHash('sha256').update(`${first.length}:`).update(first).update(second).digest('hex');
}

async function readFirst(device: string, bytes: number): Promise<Buffer> {
  const handle = await open(device, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
