import type { Bus } from '../bus/bus.ts';
import type { IgnoredName } from '../words/catalogue.ts';

/** Known names of a disk in a warning. */
interface Disk {
  readonly drive?: string | undefined;
  readonly device?: string | undefined;
  readonly luksUuid?: string | undefined;
  readonly usbSerial?: string | undefined;
}

/** All names under which a disk may be the subject of a warning. */
const subjectsOf = ({ drive, device, luksUuid, usbSerial }: Disk): string[] =>
  Object.entries({ device, luksUuid, drive, usbSerial }).flatMap(([kind, name]) =>
    name === undefined ? [] : [`disk ${kind} ${name}`],
  );

/** The topic of warnings about the disk in this USB case. */
export const usbTopic = (usbSerial: string): string => subjectsOf({ usbSerial })[0] ?? '';

/** A warning in the status. */
export interface ShownWarning {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly text: string;
  /** It is about a plugged disk that is not used. */
  readonly unused?: true;
  /** Why that disk is not used. */
  readonly why?: IgnoredName;
}

/** Warnings that still apply. */
export interface Warnings {
  /** The last ten, the newest last. */
  list(): readonly ShownWarning[];
}

const shownWarnings = 10;

/** The advice is a line of its own after several lines; otherwise it follows in the same line. */
const together = (happened: string, todo: string): string =>
  `${happened}${happened.includes('\n') ? '\n' : ' '}${todo}`;

/**
 * Remembers every warning from the bus. A repeated one counts once; a warning of a run is forgotten
 * when the next run of that disk begins, and a fault of the settings when they are valid again.
 */
export function watchWarnings(bus: Bus, now: () => Date = () => new Date()): Warnings {
  let warnings: (ShownWarning & { readonly topics: readonly string[] })[] = [];
  const drop = (topic: string): void => {
    warnings = warnings.filter(({ topics }) => !topics.includes(topic));
  };
  const note = (text: string, topics: readonly string[], disk?: Pick<ShownWarning, 'why'>): void => {
    const others = warnings.filter((warning) => warning.text !== text);
    // One without a name of the disk would stay when the disk goes.
    const unused = disk !== undefined && topics.length > 0 ? { unused: true as const, ...disk } : {};
    warnings = [...others, { at: now().toISOString(), text, topics, ...unused }].slice(-shownWarnings);
  };
  const add = (text: string, ...topics: string[]): void => {
    note(text, topics);
  };
  bus.on('warning:raised', ({ reason, todo, topic }) => {
    if (topic !== undefined) drop(topic);
    add(together(reason, todo), ...(topic === undefined ? [] : [topic]));
  });
  bus.on('warning:settled', ({ topic }) => {
    drop(topic);
  });
  bus.on('run:started', ({ drive }) => {
    drop(`run of ${drive}`);
  });
  bus.on('run:warned', ({ drive, reason, todo }) => {
    add(together(reason, todo), `run of ${drive}`);
  });
  bus.on('drive:ignored', ({ reason, happened, todo, drive, device, luksUuid, usbSerial }) => {
    if (reason === 'just-prepared') return;
    note(
      together(happened, todo),
      subjectsOf({ drive, device, luksUuid, usbSerial }),
      reason === 'served-before' ? {} : { why: reason },
    );
  });
  const settle = (disk: Disk): void => {
    for (const subject of subjectsOf(disk)) drop(subject);
  };
  bus.on('drive:identified', settle); // it was enrolled, or its twin is gone
  bus.on('drive:removed', settle);
  bus.on('drive:attached', settle); // it started after all, or was plugged in again
  bus.on('drive:closed', ({ drive }) => {
    drop(`open ${drive}`);
  });
  return {
    list: () =>
      warnings.map(({ at, text, unused, why }) => ({ at, text, ...(unused && { unused }), ...(why && { why }) })),
  };
}
