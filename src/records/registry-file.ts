import { jsonOf } from '../system/parse-json.ts';
import { registrySchema, driveRecordSchema, type DriveRecord } from './drive-record.ts';

/** The content of one copy of the list of enrolled disks. */
export interface RegistryCopy {
  /** `newer`: written by a later version; its readable records are in `drives`. */
  readonly state: 'missing' | 'good' | 'damaged' | 'newer';
  /** All records of a good copy; from any other one, the readable records. */
  readonly drives: readonly DriveRecord[];
  /** Other content of the file, from a later version. */
  readonly rest: Readonly<Record<string, unknown>>;
}

/** A copy that could not be read at all. */
export const unreadable: RegistryCopy = { state: 'damaged', drives: [], rest: {} };

/** Never throws. @param text undefined when there is no such file */
export function parseRegistry(text: string | undefined): RegistryCopy {
  if (text === undefined) return { state: 'missing', drives: [], rest: {} };
  const content = jsonOf(text);
  const whole = registrySchema.safeParse(content);
  if (whole.success) {
    const { drives, ...rest } = whole.data;
    return { state: 'good', drives, rest };
  }
  if (typeof content !== 'object' || content === null) return { ...unreadable, drives: understood(piecesOf(text)) };
  const { version, drives } = content as { readonly version?: unknown; readonly drives?: unknown };
  return {
    state: typeof version === 'number' && version > 1 ? 'newer' : 'damaged',
    drives: understood(Array.isArray(drives) ? drives : []),
    rest: {},
  };
}

/**
 * @returns the text of a file with these disks
 * @throws Error when {@link parseRegistry} would not accept it: a list that cannot be read again is worse than none
 */
export function renderRegistry(drives: readonly DriveRecord[], rest: RegistryCopy['rest'] = {}): string {
  const text = `${JSON.stringify({ version: 1, ...rest, drives }, null, 2)}\n`;
  if (parseRegistry(text).state !== 'good') throw new Error('the list of disks would have a record that is not valid');
  return text;
}

/** The first list, plus the records of the second whose label and volume the first does not have. */
export function mergeDrives(first: readonly DriveRecord[], second: readonly DriveRecord[]): readonly DriveRecord[] {
  const merged: DriveRecord[] = [];
  for (const record of [...first, ...second]) {
    if (!merged.some(({ label, luksUuid }) => label === record.label || luksUuid === record.luksUuid))
      merged.push(record);
  }
  return merged;
}

const understood = (records: readonly unknown[]): readonly DriveRecord[] =>
  mergeDrives(
    records.flatMap((record) => {
      const { data } = driveRecordSchema.safeParse(record);
      return data === undefined ? [] : [data];
    }),
    [],
  );

/** The complete records of a torn file: each is between two braces with the same indentation. */
const piecesOf = (text: string): readonly unknown[] =>
  [...text.matchAll(/^ {4}\{\n(?: {6}.*\n)+ {4}\}/gm)].map(([piece]) => jsonOf(piece));
