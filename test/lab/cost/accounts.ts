/** Processor time of ended processes, from the kernel's process accounting; see acct(5). */
import type { Guest } from '../guest.ts';

/** One ended process. */
export interface Account {
  readonly pid: number;
  /** The first 15 bytes of its last program's name. */
  readonly name: string;
  readonly cpuSeconds: number;
}

const file = '/run/process-accounts';
const recordBytes = 64;
/** Of acct_v3; see include/uapi/linux/acct.h. */
const offsets = { version: 1, pid: 16, userTime: 32, systemTime: 34, name: 48 } as const;
const ticksPerSecond = 100;

/** Begins the accounting. */
export async function beginAccounts(guest: Guest): Promise<void> {
  await guest.shell(`: > ${file}; ${acct(`b'${file}'`)}`);
}

/** Ends it. The guest's own calls for the accounting are among the processes. */
export async function endAccounts(guest: Guest): Promise<readonly Account[]> {
  return parseAccounts(Buffer.from(await guest.ask(`${acct('None')}; base64 -w0 ${file}`), 'base64'));
}

const acct = (argument: string): string =>
  `python3 -c "import ctypes, sys; sys.exit(ctypes.CDLL(None, use_errno=True).acct(${argument}))"`;

/** Parses the kernel's file. @throws Error for records of another version */
export function parseAccounts(bytes: Buffer): Account[] {
  return Array.from({ length: Math.floor(bytes.length / recordBytes) }, (_, index) => {
    const record = bytes.subarray(index * recordBytes, (index + 1) * recordBytes);
    if ((record.readUInt8(offsets.version) & 0xf) !== 3) throw new Error('The accounting is not of version 3.');
    const ticks =
      compressed(record.readUInt16LE(offsets.userTime)) + compressed(record.readUInt16LE(offsets.systemTime));
    return {
      pid: record.readUInt32LE(offsets.pid),
      name: record.toString('latin1', offsets.name).replace(/\0.*$/s, ''),
      cpuSeconds: ticks / ticksPerSecond,
    };
  });
}

/** comp_t: 13 bits, and an exponent to the base 8 above them. */
const compressed = (value: number): number => (value & 0x1fff) * 8 ** (value >> 13);
