import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

it('a process that forbade core dumps, and what it starts, has limit 0 and an empty filter', () => {
  const probe = `
    import { execFileSync } from 'node:child_process';
    import { readFileSync } from 'node:fs';
    import { forbidCoreDumps } from './src/keys/process-hygiene.ts';
    import { startProgram } from './src/system/command.ts';
    const look = () => readFileSync('/proc/self/limits', 'utf8').match(/Max core file size +(\\S+) +(\\S+)/).slice(1).join() + ' ' + Number.parseInt(readFileSync('/proc/self/coredump_filter', 'utf8'), 16);
    const before = look();
    await forbidCoreDumps(startProgram);
    const child = execFileSync('/bin/cat', ['/proc/self/coredump_filter', '/proc/self/limits'], { encoding: 'utf8' });
    console.log(JSON.stringify({ before, after: look(), child: [Number.parseInt(child, 16), ...child.match(/Max core file size +(\\S+) +(\\S+)/).slice(1)].join() }));`;
  const output = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', probe], {
    encoding: 'utf8',
  });
  const { before, after, child } = JSON.parse(output) as Record<string, string>;
  expect(before).not.toBe(after);
  expect(after).toBe('0,0 0');
  expect(child).toBe('0,0,0');
});
