import type { HeldSign } from '../bus/held-sign.ts';
import { ExtbackupError, exitCodes } from '../errors.ts';
import { HeldError, noCounts, type Hold } from '../guard/hold.ts';
import { mixedSources } from '../rsync/failure.ts';
import type { SourceResult } from './job.ts';

type Trouble = SourceResult & { readonly error: ExtbackupError };

/**
 * The result of a run over several sources: held beats failed.
 * @returns undefined when none failed and none is held
 */
export function endOfSources(label: string, results: readonly SourceResult[]): ExtbackupError | undefined {
  const troubles = results.filter((result): result is Trouble => result.error !== undefined);
  const [first] = troubles;
  if (first === undefined) return undefined;
  const held = troubles.filter(({ outcome }) => outcome === 'held');
  const happened = [
    `${held.length > 0 ? 'held: ' : ''}${troubles.length} of ${results.length} ` +
      `source${results.length === 1 ? '' : 's'} ${troubles.length === 1 ? 'is' : 'are'} not complete on ${label}.`,
    ...troubles.map(
      ({ name, error }) =>
        `${name}: ${error.message.replace(/^held: /, '').replace(` Nothing on ${label} was changed.`, ' Nothing of it was changed.')}`,
    ),
    ...restOf(results),
  ].join(' ');
  const todo = sayEach(troubles);
  if (held.length > 0) return heldOf(held, happened, todo);
  const same = troubles.every(({ error }) => error.code === first.error.code);
  return new ExtbackupError(
    same ? first.error.code : mixedSources,
    same ? first.error.exitCode : exitCodes.pull,
    { happened, todo },
    first.error,
  );
}

function restOf(results: readonly SourceResult[]): string[] {
  const named = (outcomes: readonly SourceResult['outcome'][]): string =>
    results
      .filter(({ outcome }) => outcomes.includes(outcome))
      .map(({ name }) => name)
      .join(', ');
  const [good, gaps, skipped] = [named(['success']), named(['gaps']), named(['skipped'])];
  return [
    ...(good === '' ? [] : [`Complete: ${good}.`]),
    ...(gaps === '' ? [] : [`With gaps: ${gaps}.`]),
    ...(skipped === '' ? [] : [`Not tried: ${skipped}.`]),
  ];
}

/** Identical advice is printed once. */
function sayEach(troubles: readonly Trouble[]): string {
  const advice = new Map<string, string[]>();
  for (const { name, error } of troubles) advice.set(error.todo, [...(advice.get(error.todo) ?? []), name]);
  return [...advice].map(([todo, names]) => (advice.size === 1 ? todo : `${names.join(', ')}: ${todo}`)).join(' ');
}

/** One answer covers all of them, but each has its own counts. */
function heldOf(held: readonly Trouble[], happened: string, todo: string): HeldError {
  const sources: NonNullable<Hold['sources']> = {};
  const counts = { ...noCounts };
  const headlines: { readonly text: string; readonly sign: HeldSign | undefined; readonly isAlarm: boolean }[] = [];
  for (const { name, error } of held) {
    if (!(error instanceof HeldError)) continue;
    const { headline, sign, isAlarm = false, counts: own = noCounts, attestation } = error.facts;
    sources[name] = { reason: error.message, counts: own, ...(attestation && { attestation }) };
    headlines.push({ text: `${name}: ${headline}`, sign, isAlarm });
    for (const key of ['created', 'changed', 'deleted', 'changedBytes'] as const) counts[key] += own[key];
    const { deletedBytes, attributes } = own;
    if (attributes !== undefined) counts.attributes = (counts.attributes ?? 0) + attributes;
    if (deletedBytes !== undefined) counts.deletedBytes = (counts.deletedBytes ?? 0) + deletedBytes;
  }
  const kinds = Object.values(sources).map(({ attestation }) => attestation);
  const worst = headlines.find(({ isAlarm }) => isAlarm) ?? headlines[0];
  return new HeldError(happened, todo, {
    headline: worst?.text ?? happened,
    sign: worst?.sign,
    isAlarm: worst?.isAlarm,
    counts: kinds.includes(undefined) ? counts : undefined,
    attestation: kinds.includes(undefined) ? undefined : kinds[0],
    sources,
  });
}
