import { expect, test } from 'vitest';
import { parseRest } from '../../lab/cost/at-rest.ts';
import { parseProcessorTime, usedBetween } from '../../lab/cost/processor-time.ts';

const answer = `cpu  100 20 30 999 5 1 2 0 0 0
unit
usage_usec 1500000
lab
usage_usec 200000
usage_usec 300000
helpers
agent
300 (node (x) y) S 1 300 300 0 -1 4194560 9 9 0 0 120 30 400 50 39 19 11 0`;

test('processor time is that of the agent, its unit, its helpers, the lab and the machine', () => {
  expect(parseProcessorTime(answer)).toEqual({ machine: 1.53, lab: 0.5, unit: 1.5, helpers: 0, agent: 1.5 });
});

test('what was used is the difference of two readings', () => {
  const one = parseProcessorTime(answer);
  const other = parseProcessorTime(answer.replace('helpers\n', 'helpers\nusage_usec 40000\n'));
  expect(usedBetween(one, other)).toEqual({ machine: 0, lab: 0, unit: 0, helpers: 0.04, agent: 0 });
});

test('a rest has its wake-ups, who woke, and what they cost', () => {
  const rest = parseRest(
    `before 100 5000
1000.50
after 103 9000
# tracer: nop
          <idle>-0       [000] d.h1.  1010.500000: sched_wakeup: comm=node pid=300 prio=139 target_cpu=000
    kworker/0:1-12      [000] d.h1.  1020.750000: sched_wakeup: comm=libuv-worker pid=301 prio=139 target_cpu=000`,
    2,
  );
  expect(rest).toEqual({
    minutes: 2,
    switches: 3,
    cpuMs: 4,
    wakeUps: [
      { at: 10, thread: 'node', by: 'timer' },
      { at: 20.25, thread: 'libuv-worker', by: 'kworker/0:1' },
    ],
  });
});
