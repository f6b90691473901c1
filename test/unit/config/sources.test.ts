import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import { serversOf, sourcesOf } from '../../../src/config/sources.ts';

const head = 'key: {derivation: sha512}\n';
const problemsOf = (text: string): string => {
  try {
    parseConfig(head + text, 'file');
    return '';
  } catch (error) {
    return String(error);
  }
};

describe('the settings of sources', () => {
  it.each([
    ['neither source nor sources', '', /line 1, column 1: source: is missing/],
    [
      'both',
      'source: a@b\nsources: [{name: x, source: a@b}]',
      /line 3, column 1: sources: and source exclude each other/,
    ],
    ['an empty list', 'sources: []', /sources: must have at least one entry/],
    [
      'the same name twice',
      'sources:\n  - {name: x, source: a@b}\n  - {name: x, source: a@c}',
      /line 4, column 6: sources.1.name: is the name of an earlier source/,
    ],
    [
      'names that differ only in case',
      'sources: [{name: x, source: a@b}, {name: X, source: a@c}]',
      /sources.1.name: is the name/,
    ],
    ['no name', 'sources: [{source: a@b}]', /sources.0.name: is missing/],
    [
      'a misspelt setting',
      'sources: [{name: x, source: a@b, excludes: []}]',
      /sources.0.excludes: there is no such setting/,
    ],
    ...['a/b', '..', '.hidden', '-x', 'a b', '%n', 'x'.repeat(65), ''].map(
      (name): readonly [string, string, RegExp] => [
        `the name "${name}"`,
        `sources: [{name: '${name}', source: a@b}]`,
        /sources.0.name: must be/,
      ],
    ),
  ] as readonly (readonly [string, string, RegExp])[])('with %s are refused', (_what, text, problem) => {
    expect(problemsOf(text)).toMatch(problem);
  });

  it('tell what is missing beside other problems', () => {
    expect(problemsOf('sourcen: a@b')).toMatch(
      /2 problems:[^]*source: is missing[^]*sourcen: there is no such setting; did you mean source or sources\?/,
    );
  });

  it('a single source has no name and what the settings say', () => {
    const config = parseConfig(`${head}source: a@b:x\npull: {exclude: ['*.tmp'], requires: [mail]}`, 'file');
    expect(sourcesOf(config)).toEqual([
      {
        name: undefined,
        source: 'a@b:x',
        port: 22,
        exclude: ['*.tmp'],
        requires: ['mail'],
        guard: config.guard,
        attestation: undefined,
      },
    ]);
  });

  it('each of several has what it sets itself, and else what is set for all', () => {
    const config = parseConfig(
      `${head}port: 2222
pull: {exclude: ['*.tmp']}
guard: {floor: 7, changed: 20%}
attestation: {id: for-all-of-them}
sources:
  - {name: office, source: a@b}
  - {name: photos, source: a@c, port: 22, exclude: [cache], guard: {floor: 9}, attestation: {id: only-photos}}
  - {name: old, source: a@c:old, attestation: none}`,
      'file',
    );
    const [office, photos, old] = sourcesOf(config);
    expect(office).toMatchObject({
      port: 2222,
      exclude: ['*.tmp'],
      guard: { floor: 7, changed: 0.2 },
      attestation: { id: 'for-all-of-them' },
    });
    expect(photos).toMatchObject({
      port: 22,
      exclude: ['*.tmp', 'cache'],
      guard: { floor: 9, changed: 0.2, deleted: 0.1 },
      attestation: { id: 'only-photos' },
    });
    expect(old?.attestation).toBeUndefined();
    expect(serversOf(config).map(({ name }) => name)).toEqual(['office', 'photos', 'old']); // three logins: another port each, or another host
  });

  it('knows which of them log in to the same server', () => {
    const config = parseConfig(
      `${head}sources: [{name: a, source: 'u@[::1]:x'}, {name: b, source: 'u@[::1]:y'}, {name: c, source: 'v@[::1]'}, {name: d, source: 'u@[::2]'}]`,
      'file',
    );
    expect(serversOf(config).map(({ name }) => name)).toEqual(['a', 'c', 'd']);
  });
});
