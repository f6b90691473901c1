import * as z from 'zod';
import type { Bus } from '../bus/bus.ts';
import type { Config } from '../config/schema.ts';
import type { Check, ConfiguredPatient, Verdict } from '../doctor/check.ts';
import { ConfigError } from '../errors.ts';
import { readIfThere, writeAtomically } from '../system/atomic-file.ts';
import type { StartProgram } from '../system/command.ts';
import { parseJson } from '../system/parse-json.ts';
import { files, type Paths } from '../system/paths.ts';

const schema = z.looseObject({
  version: z.literal(1),
  lookedAt: z.iso.datetime(),
  verdicts: z.record(z.string(), z.enum(['ok', 'warn', 'fail'])),
});

/** The parts that the watch uses. */
export interface StationParts {
  readonly bus: Bus;
  readonly paths: Paths;
  readonly start: StartProgram;
  readonly loadConfig: () => Promise<Config>;
  readonly checks: readonly Check<ConfiguredPatient>[];
  readonly now: () => Date;
}

const weekMs = 7 * 24 * 3_600_000;
const ranks: readonly Verdict[] = ['ok', 'warn', 'fail'];
const topicOf = (name: string): string => `check ${name}`;

/**
 * Makes a check of the station, which acts once a week: a finding that got worse since the last check is reported once.
 * The first check reports only failures: warnings come from the operator's own set-up.
 */
export function createStationWatch({ bus, paths, start, loadConfig, checks, now }: StationParts): () => Promise<void> {
  return async () => {
    const before = parseJson(schema, await readIfThere(files.checks(paths)));
    const time = now();
    const age = before === undefined ? weekMs : time.getTime() - Date.parse(before.lookedAt);
    if (age >= 0 && age < weekMs) return;
    const config = await loadConfig().catch((error: unknown) => {
      if (error instanceof ConfigError) return undefined; // reported elsewhere, or not set up yet
      throw error;
    });
    if (!config) return;
    const patient = { paths, start, config, now: time, fix: false };
    const verdicts: Record<string, Verdict> = {};
    const worse: { readonly name: string; readonly happened: string; readonly todo: string }[] = [];
    for (const check of checks) {
      const { name } = check;
      const found = await check.check(patient).catch(() => undefined); // a check that cannot run here is no news
      const was = before?.verdicts[name] ?? 'warn';
      verdicts[name] = found?.verdict ?? was;
      if (found && ranks.indexOf(found.verdict) > ranks.indexOf(was)) worse.push({ name, ...found });
      if (before && found?.verdict === 'ok' && was !== 'ok') bus.emit('warning:settled', { topic: topicOf(name) });
    }
    // Remember first, then report: a full disk must not lead to a message every hour.
    await writeAtomically(
      files.checks(paths),
      `${JSON.stringify({ version: 1, lookedAt: time.toISOString(), verdicts })}\n`,
      true,
    );
    for (const { name, happened, todo } of worse)
      bus.emit('warning:raised', {
        about: name === 'drill' ? 'drill' : 'station',
        reason: happened,
        todo,
        topic: topicOf(name),
      });
  };
}
