import { drillCheck } from './drill-check.ts';
import { keyChecks } from './key-checks.ts';
import type { Check, ConfiguredPatient } from './check.ts';
import { hardeningChecks, installationChecks } from './machine-checks.ts';
import { roomCheck } from './room-check.ts';

const byName = (all: readonly Check<ConfiguredPatient>[], ...names: string[]): Check<ConfiguredPatient>[] =>
  all.filter(({ name }) => names.includes(name));

/**
 * The agent's own weekly checks: they cost nothing, need no network, and give the same result inside its unit as
 * outside of it. A salt without a copy has a reminder of its own.
 */
export const weeklyChecks: readonly Check<ConfiguredPatient>[] = [
  ...byName(installationChecks, 'tools', 'udev-rule'),
  ...byName(keyChecks, 'private-files', 'salt'),
  ...byName(hardeningChecks, 'swap', 'core-dumps', 'kdump', 'hibernation'),
  drillCheck,
  roomCheck(),
];
