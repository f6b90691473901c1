import type { Config } from '../config/schema.ts';
import { ConfigError, ExtbackupError, messageOf } from '../errors.ts';
import { agentChecks, rotationChecks } from './agent-checks.ts';
import type { Check, Finding, Patient } from './check.ts';
import { clockCheck } from './clock-check.ts';
import { drillCheck } from './drill-check.ts';
import { keyChecks } from './key-checks.ts';
import { hardeningChecks, installationChecks } from './machine-checks.ts';
import { noticeChecks } from './notice-checks.ts';
import { roomCheck } from './room-check.ts';
import { serverChecks } from './server-checks.ts';
import { watchCheck } from './watch-check.ts';

/** Every check; causes come before their effects. For another user than root only those that need no rights. */
export async function examine(patient: Patient, loadConfig: () => Promise<Config>): Promise<Finding[]> {
  const findings = await runChecks(installationChecks, patient);
  const { asRoot = process.getuid?.() === 0 } = patient;
  if (!asRoot) return findings; // what another user cannot see looks missing
  try {
    const config = await loadConfig();
    findings.push({
      name: 'config',
      verdict: 'ok',
      happened: `The settings in ${patient.paths.config} are valid.`,
      todo: '',
    });
    findings.push(
      ...(await runChecks([...keyChecks, ...serverChecks, ...rotationChecks, drillCheck, ...noticeChecks], {
        ...patient,
        config,
      })),
    );
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    findings.push({ name: 'config', verdict: 'fail', happened: error.message, todo: error.todo });
  }
  return [
    ...findings,
    ...(await runChecks([...agentChecks, watchCheck(), roomCheck(), clockCheck, ...hardeningChecks], patient)),
  ];
}

/**
 * All at once, because most of them wait for a program or a server; with `fix` one after the other, because a check may
 * repair what the next one examines. A check that throws counts as failed.
 */
export async function runChecks<P extends Patient>(checks: readonly Check<P>[], patient: P): Promise<Finding[]> {
  const run = async ({ name, check }: Check<P>): Promise<Finding> => ({
    name,
    ...(await check(patient).catch(describeTrouble)),
  });
  if (!patient.fix) return Promise.all(checks.map(run));
  const findings: Finding[] = [];
  for (const check of checks) findings.push(await run(check));
  return findings;
}

function describeTrouble(error: unknown): Omit<Finding, 'name'> {
  if (error instanceof ExtbackupError) return { verdict: 'fail', happened: error.message, todo: error.todo };
  return {
    verdict: 'fail',
    happened: `This could not be checked: ${messageOf(error)}`,
    todo: 'Run it as root. If you did, please report this.',
  };
}
