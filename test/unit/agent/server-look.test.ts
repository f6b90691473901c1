import { expect, it } from 'vitest';
import { anyAnswers } from '../../../src/agent/server-asker.ts';
import { configSchema } from '../../../src/config/schema.ts';
import type { Reach } from '../../../src/rsync/link.ts';
import { LinkError } from '../../../src/rsync/link-error.ts';
import type { PullTrouble } from '../../../src/rsync/verdict.ts';

const key = { derivation: 'sha512' };
const one = configSchema.parse({ source: 'extbackup@backup', key });
const two = configSchema.parse({
  sources: [
    { name: 'office', source: 'extbackup@office' },
    { name: 'photos', source: 'extbackup@photos' },
  ],
  key,
});

/** Links that fail so, by server; every other one is made. */
const linksWith = (troubles: Record<string, PullTrouble>) => {
  const asked: string[] = [];
  const reach: Reach = async (place, _signal, work) => {
    asked.push(place.source);
    const trouble = troubles[place.source];
    if (trouble !== undefined) throw new LinkError(trouble, '');
    return work({ rsh: '', start: () => Promise.reject(new Error('nothing is started')) });
  };
  return { reach, asked };
};
const never = new AbortController().signal;
const missed = (...names: string[]) => ({
  sources: Object.fromEntries(
    ['office', 'photos'].map((name) => [
      name,
      { lastSuccess: null, lastError: names.includes(name) ? 'EXB_NETWORK' : null, filesTotal: 0, bytesTotal: 0 },
    ]),
  ),
});

it.each([
  [undefined, true],
  ['network', false],
  ['login', true], // a refusal: the run finds the words
  ['host-key', true],
  ['no-link', true],
] as const)('a link that ends with %s means: answers %s', async (trouble, answers) => {
  const { reach } = linksWith(trouble === undefined ? {} : { 'extbackup@backup': trouble });
  expect(await anyAnswers(reach, one, {}, never)).toBe(answers);
});

it('asks only the servers that were not reached', async () => {
  const { reach, asked } = linksWith({ 'extbackup@photos': 'network' });
  expect(await anyAnswers(reach, two, missed('photos'), never)).toBe(false);
  expect(asked).toEqual(['extbackup@photos']);
  expect(await anyAnswers(reach, two, missed('office', 'photos'), never)).toBe(true);
});
