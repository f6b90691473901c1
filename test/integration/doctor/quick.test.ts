import { expect, it } from 'vitest';
import { inSandbox } from '../keys/sandbox.ts';

/** The processor's time, because the clock also measures what else the machine does. */
it('doctor looks at everything in less than two seconds of the processor', () => {
  const { stdout, stderr } = inSandbox(`ready_station 'correct horse'
    TIMEFORMAT='<seconds>%U %S</seconds>'
    time extbackup doctor --json`);
  const findings = JSON.parse(stdout) as { name: string; verdict: string }[];
  expect(findings.length).toBeGreaterThan(25);
  expect(findings.find(({ name }) => name === 'key')?.verdict).toBe('ok');
  const [, user = '', system = ''] = /<seconds>([\d.]+) ([\d.]+)<\/seconds>/.exec(stderr) ?? [];
  expect(Number(user) + Number(system)).toBeGreaterThan(0);
  expect(Number(user) + Number(system)).toBeLessThan(2);
});
