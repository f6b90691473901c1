import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { EventMap, EventName } from '../../../src/bus/events.ts';
import { noticeSchema } from '../../../src/notify/notice-schema.ts';
import { createNoticeMaker } from '../../../src/notify/notices.ts';
import { noticeJsonSchema } from '../../../debian/notice-json-schema.ts';

const run = { runId: 'r1', drive: 'BACKUP_1' };
const trouble = { code: 'EXB_PULL', exitCode: 13, happened: 'It broke.', todo: 'Look.', tookMs: 1 };
const safe = ['drive:safe-to-unplug', run];
const story: readonly (readonly [EventName, object])[] = [
  ['run:started', { ...run, trigger: 'plug' }],
  ['run:succeeded', { ...run, tookMs: 1, gaps: false, stamped: true }],
  safe as [EventName, object],
  ['run:held', { ...run, ...trouble, exitCode: 14 }],
  safe as [EventName, object],
  ['run:failed', { ...run, ...trouble, phase: 'pulling' }],
  ['drive:do-not-unplug', { ...run, reason: 'busy' }],
  ['key:missing', { drive: 'BACKUP_1' }],
  ['drive:ignored', { reason: 'not-enrolled', happened: 'A disk.', todo: 'Look.' }],
  ['warning:raised', { about: 'station', reason: 'It is warm.', todo: 'Open a window.' }],
  ['run:warned', { ...run, about: 'damage', reason: 'It is warm.', todo: 'Open a window.' }],
  ['spool:rejected', { reason: 'torn' }],
  ['rotation:overdue', { drive: 'BACKUP_1', lastSuccess: null }],
  ['rotation:overdue', { lastSuccess: null, overdue: [] }],
  ['report:made', { freshest: null, text: 'All is well.' }],
];

test('real notices are as the schema says, of every kind', () => {
  const maker = createNoticeMaker('station', () => new Date());
  const notices = story.flatMap(([name, payload]) => maker.take(name, payload as EventMap[EventName]));
  for (const notice of notices) expect(noticeSchema.parse(JSON.parse(JSON.stringify(notice)))).toEqual(notice);
  const kinds = new Set(notices.map(({ kind }) => kind));
  expect([...kinds, 'test'].sort()).toEqual([...noticeSchema.shape.kind.options].sort());
});

test('docs/events.md names every field and every kind, and the package has the schema', () => {
  const page = readFileSync(new URL('../../../docs/events.md', import.meta.url), 'utf8');
  const names = [...Object.keys(noticeSchema.shape), ...noticeSchema.shape.kind.options];
  expect(names.filter((name) => !page.includes(`\`${name}\``) && !page.includes(`"${name}"`))).toEqual([]);
  expect(JSON.parse(noticeJsonSchema())).toMatchObject({
    properties: { kind: { enum: expect.arrayContaining(['held']) as string[] } },
  });
});
