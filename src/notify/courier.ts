import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { parseJson } from '../system/parse-json.ts';
import type { Hook } from '../config/hook-schema.ts';
import type { SentChannel } from '../config/schema.ts';
import type { Notice } from './channel.ts';
import { readIfThere } from '../system/atomic-file.ts';
import type { StartProgram } from '../system/command.ts';
import type { Paths } from '../system/paths.ts';
import { createTurns } from '../system/turns.ts';
import { startUnit, stopUnits } from '../system/units.ts';

/** A task for a unit with a network: the agent has none. */
export type Errand =
  | { readonly kind: 'notice'; readonly channel: SentChannel; readonly notice: Notice }
  | { readonly kind: 'probe'; readonly channel: SentChannel }
  | { readonly kind: 'wake'; readonly mac: string }
  | { readonly kind: 'hook'; readonly hook: Hook; readonly environment: Readonly<Record<string, string>> };

/** Carries out an errand. A failure is in the answer: it never rejects. */
export type Courier = (errand: Errand, timeoutMs: number, signal: AbortSignal) => Promise<Answer>;

/** The answer that extbackup-courier@.service writes at its end. */
export const answerSchema = z.object({
  /** What went wrong, if anything; never a secret, never arguments. */
  failure: z.string().optional(),
  /** The answer of the server or program. */
  said: z.string().optional(),
});
export type Answer = z.infer<typeof answerSchema>;

const unitOf = (id: string): string => `extbackup-courier@${id}.service`;

/** The units of all errands: a new agent stops the units that a killed agent left running. */
export const allErrands = unitOf('*');

/** Extra time for the start of a program on a small machine. */
const startMs = 60_000;

/** Of the whole process: six channels would start six units at once, each of them seconds of work for a small machine. */
const inTurn = createTurns(2, 20_000);

/** Starts one unit for each errand; the errand and its answer are files. Messages take turns, hooks of a run do not wait. */
export function createCourier(start: StartProgram, paths: Pick<Paths, 'run'>): Courier {
  const carryOut = createCarrier(start, paths);
  return (errand, timeoutMs, signal) =>
    ['notice', 'probe'].includes(errand.kind)
      ? inTurn(async () => (signal.aborted ? failed('was stopped') : carryOut(errand, timeoutMs, signal)))
      : carryOut(errand, timeoutMs, signal);
}

function createCarrier(start: StartProgram, paths: Pick<Paths, 'run'>): Courier {
  return async (errand, timeoutMs, signal) => {
    const id = `${errand.kind}-${randomBytes(6).toString('hex')}`;
    const directory = join(paths.run, 'courier', id);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    try {
      await writeFile(join(directory, 'request'), JSON.stringify(errand), { mode: 0o600 });
      const unit = await startUnit(start, unitOf(id), timeoutMs + startMs, signal);
      if (unit === 'absent')
        return failed(
          'extbackup-courier@.service cannot be started; see whether it is masked or gone: systemctl cat extbackup-courier@',
        );
      const answer = parseAnswer(await readIfThere(join(directory, 'answer')));
      if (unit === 'done' && answer !== undefined) return answer;
      return failed(
        signal.aborted ? 'was stopped' : 'extbackup-courier@.service failed; see: journalctl -u "extbackup-courier@*"',
      );
    } finally {
      await stopUnits(start, unitOf(id)); // still active if the errand was given up
      await rm(directory, { recursive: true, force: true });
    }
  };
}

const failed = (failure: string): Answer => ({ failure });

/** undefined when the unit was ended before it was done. */
const parseAnswer = (text: string | undefined): Answer | undefined => parseJson(answerSchema, text);
