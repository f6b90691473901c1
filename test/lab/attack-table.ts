import { appendFile, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** One attack of a hostile story. */
export interface Attack {
  /** What was tried, by whom. */
  readonly attack: string;
  /** What stopped it. */
  readonly stoppedBy: string;
  /** What was seen: an exit code, a message, an error of the kernel. */
  readonly measured: string;
}

const notes = join(import.meta.dirname, '../../node_modules/.cache/extbackup-attacks.jsonl');

/** Notes an attack that was just seen to fail, for the table at the end. */
export async function reportStopped(attack: string, stoppedBy: string, measured: string, file = notes): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await appendFile(file, `${JSON.stringify({ attack, stoppedBy, measured } satisfies Attack)}\n`);
}

/** One line for each attack, in columns. A measured text is cut at 60 characters. */
export function attackTable(attacks: readonly Attack[]): string {
  const rows = [
    ['attack', 'stopped by', 'measured'],
    ...attacks.map(({ attack, stoppedBy, measured }) => [attack, stoppedBy, oneLine(measured)]),
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const oneLine = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
};

/** Before all stories: forgets the attacks of an earlier run. After them: prints the table. */
export const setup = (): Promise<() => Promise<void>> => tableOf(notes, (text) => process.stdout.write(text));

/** {@link setup} with another file and another place to print to. */
export async function tableOf(file: string, print: (text: string) => void): Promise<() => Promise<void>> {
  await rm(file, { force: true });
  return async () => {
    const text = await readFile(file, 'utf8').catch(() => '');
    await rm(file, { force: true }); // several projects share this file
    const attacks = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Attack);
    if (attacks.length > 0) print(`\n${attackTable(attacks)}\n\n`);
  };
}
