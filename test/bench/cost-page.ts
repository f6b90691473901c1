/** What extbackup itself costs, as a table in docs/performance.md and in full in docs/own-cost.json. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withPart } from './marked-part.ts';

/** The content of docs/own-cost.json. */
export interface OwnCost {
  /** YYYY-MM-DD */
  readonly date: string;
  /** One unchanged run, from the plug on. */
  readonly run: {
    readonly files: number;
    /** How often each program was started, by who started it. */
    readonly programs: Readonly<Record<'agent' | 'units' | 'udev', Readonly<Record<string, number>>>>;
    /** Processes of the agent and of its units. */
    readonly processes: number;
    /** Processor time in shares of the station's, without the server's. */
    readonly shares: Readonly<Record<string, number>>;
    /** Written to the station's own disk by the whole machine. */
    readonly kilobytesWritten: number;
  };
  readonly memoryMb: { readonly atRest: number; readonly peak: number };
  readonly rest: {
    readonly minutes: number;
    readonly wakeUps: number;
    readonly cpuMs: number;
  };
  /** Processor seconds on the machine that ran the bench. */
  readonly startSeconds: Readonly<Record<string, number>>;
  readonly packageMb: { readonly download: number; readonly installed: number };
}

const docs = join(import.meta.dirname, '../../docs');

/** Writes both files. */
export async function writeCost(cost: OwnCost): Promise<void> {
  await writeFile(join(docs, 'own-cost.json'), `${JSON.stringify(cost, null, 2)}\n`);
  const page = await readFile(join(docs, 'performance.md'), 'utf8');
  await writeFile(join(docs, 'performance.md'), withPart(page, 'our own cost', costTable(cost)));
}

/** The table in Markdown. */
export function costTable({ date, run, memoryMb, rest, startSeconds, packageMb }: OwnCost): string {
  const count = (programs: Readonly<Record<string, number>>): number =>
    Object.values(programs).reduce((sum, times) => sum + times, 0);
  const { agent, units, udev } = run.programs;
  const rows = [
    ['programs started by the agent', `${String(count(agent))}: ${listed(agent)}`],
    ['… by systemd for it', `${String(count(units))}: ${listed(units)}`],
    ['… by udev because of the disk', `${String(count(udev))}: ${listed(udev)}`],
    ['processes of the agent and of its units', String(run.processes)],
    ...Object.entries(run.shares).map(([who, share]) => [`processor time: ${who}`, percent(share)]),
    ["written to the station's own disk, by the whole machine", `${String(Math.round(run.kilobytesWritten))} kB`],
    ['memory of the agent, at rest and at most', `${megabytes(memoryMb.atRest)}, ${megabytes(memoryMb.peak)}`],
    [
      `at rest, in ${String(rest.minutes)} minutes`,
      `${String(rest.wakeUps)} wake-ups, ${rest.cpuMs.toFixed(0)} ms of an emulated processor`,
    ],
    ...Object.entries(startSeconds).map(([what, seconds]) => [
      `processor time of a start: ${what}`,
      `${seconds.toFixed(2)} s`,
    ]),
    ['package, download and installed', `${megabytes(packageMb.download)}, ${megabytes(packageMb.installed)}`],
  ];
  const intro = `${date}, a run of ${String(run.files)} small files of which none has changed, on the virtual station:`;
  return [intro, '', '| what | figure |', '|---|---|', ...rows.map((cells) => `| ${cells.join(' | ')} |`), ''].join(
    '\n',
  );
}

/** The most frequent first, by their bare names. */
const listed = (programs: Readonly<Record<string, number>>): string =>
  Object.entries(programs)
    .map(([path, times]) => `${nameOf(path)}${times === 1 ? '' : ` ${String(times)}`}`)
    .join(', ');

/** systemd starts its executor by an open file; see proc_pid_fd(5). */
const nameOf = (path: string): string =>
  /^\/proc\/self\/fd\//.test(path) ? 'systemd-executor' : path.replace(/^.*\//, '');

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const megabytes = (mb: number): string => `${mb.toFixed(mb < 10 ? 1 : 0)} MB`;
