import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import { sourceOf } from '../../../src/config/sources.ts';
import { copyArgs, isBetterAsked } from '../../../src/rsync/arguments.ts';

describe('rsync is asked for progress', () => {
  it.each([
    ['the first copy, of which nothing is known', undefined, true, true],
    ['a mirror of which nothing is known', undefined, false, false],
    ['very many small files', { filesTotal: 1_000_000, bytesTotal: 20e9 }, false, true],
    ['very many large files', { filesTotal: 1_000_000, bytesTotal: 200e9 }, false, false],
    ['some small files', { filesTotal: 20_000, bytesTotal: 1e6 }, false, false],
    ['nothing, the last time', { filesTotal: 0, bytesTotal: 0 }, true, false],
  ])('%s', (_what, lastTime, isEmpty, asked) => {
    expect(isBetterAsked({ ...(lastTime && { lastTime }), isEmpty })).toBe(asked);
  });
  it('and tells it by itself otherwise', () => {
    const config = configSchema.parse({ source: 'extbackup@backup', key: { derivation: 'sha512' } });
    const infoOf = (isAsked: boolean): string | undefined =>
      copyArgs(config, sourceOf(config), { mirror: '/m', rsh: 'x', isAsked }).find((arg) => arg.startsWith('--info='));
    expect(infoOf(true)).toBe('--info=stats2,name0');
    expect(infoOf(false)).toBe('--info=progress2,stats2,name0');
  });
});
