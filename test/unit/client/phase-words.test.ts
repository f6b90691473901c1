import { expect, test } from 'vitest';
import { describeService } from '../../../src/agent/service-status.ts';
import { createLineView } from '../../../src/client/run-view.ts';
import { describeRun } from '../../../src/client/status-text.ts';
import type { RunStatus, Status } from '../../../src/protocol/status.ts';

const run = (phase: string): RunStatus => ({
  id: '20261123T070000-1a2b3c',
  drive: 'BACKUP_1',
  phase,
  percent: null,
  bytes: 0,
  files: 0,
  expectedBytes: null,
  checked: null,
  lastTookMs: null,
  etaSeconds: null,
  startedAt: '2026-11-23T07:00:00.000Z',
});

test.each([
  ['waking', 'waiting for the disk to spin up'],
  ['flushing', 'writing everything to the disk'],
  ['verifying-data', 'reading back a part of the copy'],
  ['a-later-one', 'a-later-one'],
])('%s reads "%s" wherever a person sees it', (phase, words) => {
  const status = { run: run(phase), drives: [], key: 'loaded' } as unknown as Status;
  const lines: string[] = [];
  createLineView((line) => lines.push(line)).update(
    { id: 'a', state: 'started', runIds: [run(phase).id] } as unknown as Parameters<
      ReturnType<typeof createLineView>['update']
    >[0],
    status,
  );
  expect([describeRun(run(phase)), describeService(status), ...lines]).toEqual(
    Array.from({ length: 3 }, () => `BACKUP_1: ${words}`),
  );
});
