import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { parseJson } from '../system/parse-json.ts';
import type { Hook } from '../config/hook-schema.ts';
import type { SentChannel } from '../config/schema.ts';
import type { Notice } from './channel.ts';
import { describeDuration } from '../text/wording.ts';
import { readIfThere } from '../system/atomic-file.ts';
import type { StartProgram } from '../system/command.ts';
import type { Paths } from '../system/paths.ts';
import { createBatches, type Finish } from '../system/batches.ts';
import { startUnit, stopUnits } from '../system/units.ts';

/** A task for a unit with a network: the agent has none. */
export type Errand =
  | { readonly kind: 'notice'; readonly channel: SentChannel; readonly notice: Notice }
  | { readonly kind: 'probe'; readonly channel: SentChannel }
  | { readonly kind: 'wake'; readonly mac: string }
  | { readonly kind: 'hook'; readonly hook: Hook; readonly environment: Readonly<Record<string, string>> };

/** Carries out an errand. A failure is in the answer: it never rejects. */
export type Courier = (errand: Errand, timeoutMs: number, signal: AbortSignal) => Promise<Answer>;

/** What became of an errand. */
export const answerSchema = z.object({
  /** What went wrong, if anything; never a secret, never arguments. */
  failure: z.string().optional(),
  /** The answer of the server or program. */
  said: z.string().optional(),
});
export type Answer = z.infer<typeof answerSchema>;

/** A line that extbackup-courier@.service writes when one of its errands is done; `errand` is its number, from 0. */
const lineSchema = answerSchema.extend({ errand: z.int() });
export type AnswerLine = z.infer<typeof lineSchema>;

const unitOf = (id: string): string => `extbackup-courier@${id}.service`;

/** The units of all errands: a new agent stops the units that a killed agent left running. */
export const allErrands = unitOf('*');

/** Extra time for the start of a program on a small machine. */
const startMs = 120_000;

/** A slow receiver must not delay the next notices to the others. */
const lookEveryMs = 500;

/** Messages of the same moment share a unit: each start of one is seconds of work for a small machine. */
const ofMessages = { gatherMs: 50, most: 2, patienceMs: 20_000 };

interface Order {
  readonly errand: Errand;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Starts units that do errands; the errands and their answers are files. A hook of a run has a unit of its own. */
export function createCourier(start: StartProgram, paths: Pick<Paths, 'run'>): Courier {
  const carryOut = (orders: readonly Order[], finish: Finish<Answer> = () => undefined): Promise<Answer[]> =>
    carryOutTogether({ start, paths }, orders, finish);
  const withOthers = createBatches<Order, Answer>(carryOut, ofMessages);
  return async (errand, timeoutMs, signal) => {
    const order = { errand, timeoutMs, signal };
    if (errand.kind === 'notice' || errand.kind === 'probe') return withOthers(order);
    const [answer = wasStopped] = await carryOut([order]);
    return answer;
  };
}

async function carryOutTogether(
  { start, paths }: { readonly start: StartProgram; readonly paths: Pick<Paths, 'run'> },
  orders: readonly Order[],
  finish: Finish<Answer>,
): Promise<Answer[]> {
  if (orders.every(({ signal }) => signal.aborted)) return orders.map(() => wasStopped);
  const [first] = orders;
  const id = `${first?.errand.kind ?? ''}-${randomBytes(6).toString('hex')}`;
  const directory = join(paths.run, 'courier', id);
  const timeoutMs = Math.max(...orders.map((order) => order.timeoutMs)) + startMs;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const answersNow = async (): Promise<Map<number, Answer>> => linesOf(await readIfThere(join(directory, 'answer')));
  const looking = setInterval(() => {
    answersNow().then(
      (answers) => {
        for (const [number, answer] of answers) finish(number, answer);
      },
      () => undefined, // it is read at the end, too
    );
  }, lookEveryMs);
  try {
    await writeFile(join(directory, 'request'), JSON.stringify(orders.map(({ errand }) => errand)), { mode: 0o600 });
    const unit = await startUnit(start, unitOf(id), timeoutMs, whenAllStop(orders));
    if (unit === 'absent') return orders.map(() => failed(cannotStart));
    const answers = await answersNow();
    return orders.map(({ signal }, number) => {
      const answer = answers.get(number);
      if (answer !== undefined) return answer;
      if (signal.aborted) return wasStopped;
      return failed(unit === 'late' ? `${service} did not end within ${describeDuration(timeoutMs)}` : unitFailed);
    });
  } finally {
    clearInterval(looking);
    await stopUnits(start, unitOf(id)); // still active if the errands were given up
    await rm(directory, { recursive: true, force: true });
  }
}

/** One errand that is given up must not end the others. */
function whenAllStop(orders: readonly Order[]): AbortSignal {
  const all = new AbortController();
  const look = (): void => {
    if (orders.every(({ signal }) => signal.aborted)) all.abort();
  };
  for (const { signal } of orders) signal.addEventListener('abort', look, { once: true, signal: all.signal });
  return all.signal;
}

/** Whole lines only: a unit that was ended may leave a torn one. */
function linesOf(text: string | undefined): Map<number, Answer> {
  const lines = (text ?? '').split('\n').flatMap((line) => parseJson(lineSchema, line) ?? []);
  return new Map(lines.map(({ errand, ...answer }) => [errand, answer]));
}

const failed = (failure: string): Answer => ({ failure });
const service = 'extbackup-courier@.service';
const wasStopped = failed('was stopped');
const unitFailed = `${service} failed; see: journalctl -u "extbackup-courier@*"`;
const cannotStart = `${service} cannot be started; see whether it is masked or gone: systemctl cat extbackup-courier@`;
