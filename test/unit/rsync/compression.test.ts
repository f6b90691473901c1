import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import { sourceOf } from '../../../src/config/sources.ts';
import { copyArgs } from '../../../src/rsync/arguments.ts';
import { mayBeRefused, slowLink, whyCompress } from '../../../src/rsync/compression.ts';

const configWith = (compress: string) =>
  parseConfig(`key: {derivation: sha512}\nsource: a@b\npull: {compress: ${compress}}`, 'file');
const auto = configWith('auto');

describe('auto', () => {
  it('compresses on a link that was measured as slow, and on no other', () => {
    expect(whyCompress(auto, 0, {})).toBeUndefined();
    expect(whyCompress(auto, 0, { bytesPerSecond: slowLink })).toBe('slow-link');
    expect(whyCompress(auto, 0, { bytesPerSecond: slowLink + 1 })).toBeUndefined();
  });

  it('takes a low bandwidth limit for a slow link, and a high one for none', () => {
    expect(whyCompress(auto, 1000, {})).toBe('limit');
    expect(whyCompress(auto, 1000, { bytesPerSecond: 100_000_000 })).toBe('limit');
    expect(whyCompress(auto, 100_000, {})).toBeUndefined();
    expect(whyCompress(auto, 100_000, { bytesPerSecond: 1_000_000 })).toBe('slow-link');
  });
});

it('the setting decides, but not against a server that refuses', () => {
  expect(whyCompress(configWith('never'), 1000, { bytesPerSecond: 1000 })).toBeUndefined();
  expect(whyCompress(configWith('always'), 0, { bytesPerSecond: 100_000_000 })).toBe('setting');
  expect(whyCompress(configWith('always'), 0, { refused: true })).toBeUndefined();
});

it('rsync gets the option only when told to', () => {
  const target = { mirror: '/mirror', rsh: 'ssh' };
  const source = sourceOf(auto);
  expect(copyArgs(auto, source, { ...target, isCompressed: true })).toContain('--compress-choice=zstd');
  expect(copyArgs(auto, source, target).join(' ')).not.toContain('compress');
});

describe('a failure', () => {
  const end = { exitCode: 12, isStalled: false, listed: undefined, link: 'up' } as const;

  it.each([1, 2, 4, 12])('with exit code %i may be a refusal', (exitCode) => {
    expect(mayBeRefused({ ...end, exitCode })).toBe(true);
    expect(mayBeRefused({ ...end, exitCode, listed: 5, link: 'unknown' })).toBe(true);
  });

  it('is none when the connection broke, on the disk, or after a signal', () => {
    expect(mayBeRefused({ ...end, link: 'down' })).toBe(false);
    for (const exitCode of [11, 20, 23, 255, undefined]) expect(mayBeRefused({ ...end, exitCode })).toBe(false);
  });

  it('by waiting may be one only before the first name came', () => {
    expect(mayBeRefused({ ...end, exitCode: 30 })).toBe(true);
    expect(mayBeRefused({ ...end, exitCode: 30, listed: 5 })).toBe(false);
    expect(mayBeRefused({ ...end, exitCode: undefined, isStalled: true })).toBe(true);
  });
});
