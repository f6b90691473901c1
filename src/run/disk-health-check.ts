import { unknownHealth, type DiskHealth } from '../records/disk-health.ts';
import type { DiskVerdict } from '../verify/verify-disk.ts';
import type { SmartVerdict } from '../disk/smart.ts';
import type { WarningName } from '../words/catalogue.ts';

/** Sources of a disk's health. `disk` is the kernel name of the whole disk. */
export interface HealthProbe {
  /** Failed commands since it was plugged in; undefined when unknown. */
  ioErrors(disk: string): Promise<number | undefined>;
  /** Whether smartmontools is installed. */
  canAsk(): Promise<boolean>;
  smart(disk: string): Promise<SmartVerdict | undefined>;
}

/**
 * Only once a day: some USB bridges drop off the bus at a SMART request, and a disk that comes back is a new attach
 * with another run.
 */
const askEveryMs = 20 * 3_600_000;

/** Watches the health of a disk in the course of one run. */
export interface HealthCheck {
  /** The disk is awake: errors from now on are not caused by waking up. */
  begin(disk: string): void;
  /** Counts the errors since then. */
  end(): Promise<void>;
  /** Asks the disk itself, after it is closed, so that a bridge that fails at the request does no harm. */
  ask(disk: string, now: Date): Promise<void>;
  /** The health for the registry. */
  healthAfter(verified: DiskVerdict | undefined, now: Date): DiskHealth;
  /** New findings for the operator. */
  news(drive: string): readonly HealthNews[];
  readonly ioErrors: number;
}

interface HealthNews {
  readonly about: WarningName;
  readonly reason: string;
  readonly todo: string;
}

export function beginHealthCheck(probe: HealthProbe, before: DiskHealth = unknownHealth): HealthCheck {
  let disk: string | undefined;
  let atBegin: Promise<number | undefined> | undefined;
  let ioErrors = 0;
  let asked: { readonly at: Date; readonly verdict: SmartVerdict | undefined } | undefined;
  return {
    begin: (which) => {
      disk = which;
      atBegin = probe.ioErrors(which);
    },
    end: async () => {
      if (disk === undefined) return;
      const [from, to] = [await atBegin, await probe.ioErrors(disk)];
      if (from !== undefined && to !== undefined) ioErrors = Math.max(0, to - from);
    },
    ask: async (which, now) => {
      if (before.smartAskedAt !== null && Math.abs(now.getTime() - Date.parse(before.smartAskedAt)) < askEveryMs)
        return;
      if (!(await probe.canAsk())) return;
      asked = { at: now, verdict: await probe.smart(which) };
    },
    healthAfter: (verified, now) => ({
      ...before,
      mediaErrors: ioErrors,
      ...(verified && {
        damaged: verified.known.damaged,
        unreadable: verified.known.unreadable,
        checkedAt: now.toISOString(),
      }),
      ...(asked && {
        smart: asked.verdict?.state ?? null,
        smartRemarks: [...(asked.verdict?.remarks ?? [])],
        smartAskedAt: asked.at.toISOString(),
      }),
    }),
    news: (drive) => [
      ...(ioErrors === 0
        ? []
        : [
            {
              about: 'disk-errors' as const,
              reason: `Disk ${drive} answered ${ioErrors === 1 ? 'a command' : `${ioErrors} commands`} with an error during its run.`,
              todo: 'Try another cable and port. If it happens again, the disk is dying: replace it.',
            },
          ]),
      ...smartNews(drive, before, asked?.verdict),
    ],
    get ioErrors() {
      return ioErrors;
    },
  };
}

/** Reported once, not with every run. */
function smartNews(drive: string, before: DiskHealth, now: SmartVerdict | undefined): HealthNews[] {
  if (now === undefined || now.state === 'passed') return [];
  if (now.state === before.smart && now.remarks.join() === before.smartRemarks.join()) return [];
  const details = now.remarks.length === 0 ? '' : `: ${now.remarks.join(', ')}`;
  return now.state === 'failing'
    ? [
        {
          about: 'health',
          reason: `Disk ${drive} reports that it is about to fail (SMART${details}).`,
          todo: 'Replace it now: extbackup drive prepare --help',
        },
      ]
    : [
        {
          about: 'health',
          reason: `Disk ${drive} calls itself healthy, but its SMART values need attention (SMART${details}).`,
          todo: 'See: smartctl -a on the device. Plan to replace it if the numbers grow.',
        },
      ];
}
