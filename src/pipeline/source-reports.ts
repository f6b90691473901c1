import { heldReport } from '../guard/hold.ts';
import { contentReport } from './content-alarm.ts';
import type { Machine } from './machine.ts';
import { logFile } from './round.ts';

/** Report files that each source writes as if it were the only one. */
const reports: readonly string[] = [logFile, heldReport, contentReport];

/** Merges the reports of several sources into one file, under their names. */
export interface SourceReports {
  /** The machine for one source. */
  machineFor(name: string): Machine;
  /** Keeps an earlier run's report about a source that still waits for an answer. */
  keep(name: string): Promise<void>;
}

export function createSourceReports(machine: Machine): SourceReports {
  const parts = new Map<string, Map<string, string>>(reports.map((file) => [file, new Map<string, string>()]));
  return {
    machineFor: (name) => ({
      ...machine,
      writeInside: (path, content) => {
        const ofFile = parts.get(path);
        if (ofFile === undefined) return machine.writeInside(path, content);
        ofFile.set(name, content);
        return machine.writeInside(path, render(ofFile));
      },
    }),
    keep: async (name) => {
      const earlier = partOf((await machine.readInside(heldReport)) ?? '', name);
      if (earlier !== undefined) parts.get(heldReport)?.set(name, earlier);
    },
  };
}

const render = (parts: ReadonlyMap<string, string>): string =>
  [
    'Each source has a part of its own.',
    '',
    ...[...parts].map(([name, content]) => `Source ${name}:\n${content}`),
  ].join('\n');

function partOf(text: string, name: string): string | undefined {
  const [, ...pieces] = text.split(/^Source ([A-Za-z0-9._-]+):\n/m); // name, text, name, text, ...
  const index = pieces.findIndex((piece, at) => at % 2 === 0 && piece === name);
  return index < 0 ? undefined : pieces[index + 1];
}
