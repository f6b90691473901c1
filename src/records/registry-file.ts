import { jsonOf } from '../system/parse-json.ts';
import { registrySchema, driveRecordSchema, type DriveRecord } from './drive-record.ts';

/** One copy of the list of enrolled disks, as it was found. */
export interface RegistryCopy {
  /** `newer`: written by a later version; what can be understood of it is in `drives`. */
  readonly state: 'missing' | 'good' | 'damaged' | 'newer';
  /** All of a good copy; of any other one, the records that can be understood by themselves. */
  readonly drives: readonly DriveRecord[];
  /** What else stands in the file, which a later version may have written. */
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

/** @returns the text of a file with these disks */
export const renderRegistry = (drives: readonly DriveRecord[], rest: RegistryCopy['rest'] = {}): string =>
  `${JSON.stringify({ version: 1, ...rest, drives }, null, 2)}\n`;

/** The records of the first list, and those of the second that have neither label nor volume of one of them. */
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

/** The whole records of a torn file: each stands between two braces that are indented alike. */
const piecesOf = (text: string): readonly unknown[] =>
  [...text.matchAll(/^ {4}\{\n(?: {6}.*\n)+ {4}\}/gm)].map(([piece]) => jsonOf(piece));
