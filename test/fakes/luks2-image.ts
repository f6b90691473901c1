import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** The first block of a LUKS volume, as far as it has the UUID. */
export function luksBlock({ magic = 'LUKS\xba\xbe', version = 2, uuid = '' } = {}): Buffer {
  const bytes = Buffer.alloc(4096, 0xff);
  bytes.write(magic, 0, 'latin1');
  bytes.writeUInt16BE(version, 6);
  bytes.write(`${uuid}\0`, 168, 'latin1');
  return bytes;
}

/** Size of each of the two LUKS2 headers that luksFormat writes: 4 KiB binary and 12 KiB JSON. */
const headerBytes = 16384;
const checksum = { at: 448, bytes: 64 };

/**
 * Changes the JSON of both LUKS2 headers of an image, like an attacker with the disk but without a key: UUID and
 * keyslots stay, and the checksums are correct. See the LUKS2 On-Disk Format Specification, chapter 2.
 */
export async function changeLuks2(image: string, change: (json: string) => string): Promise<void> {
  const handle = await open(image, 'r+');
  try {
    for (const offset of [0, headerBytes]) {
      const { buffer } = await handle.read(Buffer.alloc(headerBytes), 0, headerBytes, offset);
      const json = buffer.toString('utf8', 4096).replace(/\0.*$/s, '');
      buffer.fill(0, 4096).write(change(json), 4096);
      buffer.fill(0, checksum.at, checksum.at + checksum.bytes);
      createHash('sha256').update(buffer).digest().copy(buffer, checksum.at);
      await handle.write(buffer, 0, headerBytes, offset);
    }
  } finally {
    await handle.close();
  }
}
