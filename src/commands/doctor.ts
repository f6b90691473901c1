import { Command } from 'commander';
import { examine } from '../doctor/examine.ts';
import type { Finding, Verdict } from '../doctor/check.ts';
import { exitCodes, type ExitCode } from '../errors.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { count } from '../text/wording.ts';
import type { JsonOutput } from './json-output.ts';

/** Checks every promise that can be checked on this machine. */
export function doctorCommand(context: CliContext): Command {
  return new Command('doctor')
    .description('check this machine, the keys, the server and the disks, and print what to do about each failure')
    .option('--json', 'one JSON array')
    .option(
      '--fix',
      'repair what needs no decision: file modes, a public ssh key, an enabled agent that is stopped, a host key that is not pinned yet',
    )
    .addHelpText(
      'after',
      '\nExample:\n  extbackup doctor\n\n' +
        'It ends with 0 if all is well, with 3 if there are warnings, and with 2 if a check failed.',
    )
    .action(async (options: { json?: boolean; fix?: boolean }) => {
      const patient = { paths: context.paths, start: context.start, now: new Date(), fix: options.fix === true };
      const findings = await examine(patient, () => context.loadConfig());
      context.print(
        options.json === true ? JSON.stringify(findings satisfies JsonOutput<'doctor'>) : renderFindings(findings),
      );
      context.exitWith(exitFor(findings));
    });
}

/** The exit code of the worst finding. */
export function exitFor(findings: readonly Finding[]): ExitCode {
  if (findings.some(({ verdict }) => verdict === 'fail')) return exitCodes.usage;
  return findings.some(({ verdict }) => verdict === 'warn') ? exitCodes.gaps : exitCodes.done;
}

const marks: Record<Verdict, string> = { ok: 'ok  ', warn: 'WARN', fail: 'FAIL' };

/** One line for each finding, and a second line with the advice if there is any. */
export function renderFindings(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ name, verdict, happened, todo }) => [
    `${marks[verdict]}  ${name.padEnd(17)} ${happened}`,
    ...(todo === '' ? [] : [`${' '.repeat(24)}-> ${todo}`]),
  ]);
  const failed = findings.filter(({ verdict }) => verdict === 'fail').length;
  const warned = findings.filter(({ verdict }) => verdict === 'warn').length;
  return [
    ...lines,
    '',
    failed + warned === 0 ? 'Everything is well.' : `${failed} failed, ${count(warned, 'warning')}.`,
  ].join('\n');
}
