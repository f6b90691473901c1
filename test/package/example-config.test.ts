import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { parseConfig } from '../../src/config/load.ts';
import { configSchema } from '../../src/config/schema.ts';

const text = readFileSync(new URL('../../debian/examples/config.yaml', import.meta.url), 'utf8');
/** The same with every setting in force: a # directly before a setting, a list or a comment of the settings goes away. */
const inForce = text
  .split('\n')
  .map((line) => line.replace(/^( *)#(?=\S|\s{2})/, '$1'))
  .join('\n');

/** Only one of source and sources can be in force; sets need sources. */
const without = (name: 'source' | 'sources'): string => {
  const settings = parse(inForce) as Record<string, unknown> & { rotation: { sets?: unknown } };
  if (name === 'sources') delete settings.rotation.sets;
  return stringify(Object.fromEntries(Object.entries(settings).filter(([key]) => key !== name)));
};

/** Dotted names of all settings of a JSON schema, lists and choices included. */
function namesOf(schema: z.core.JSONSchema.JSONSchema, prefix = ''): string[] {
  const choices = [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])] as z.core.JSONSchema.JSONSchema[];
  const items = schema.items === undefined ? [] : [schema.items as z.core.JSONSchema.JSONSchema];
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => [
    `${prefix}${name}`,
    ...namesOf(inner as z.core.JSONSchema.JSONSchema, `${prefix}${name}.`),
  ]);
  return [...new Set([...own, ...[...choices, ...items].flatMap((inner) => namesOf(inner, prefix))])];
}

/** Dotted names of all settings that a file has. */
function namesIn(value: unknown, prefix = ''): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap((item) => namesIn(item, prefix)))];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, inner]) => [`${prefix}${name}`, ...namesIn(inner, `${prefix}${name}.`)]);
}

describe('the example configuration', () => {
  test('is accepted as it is', () => {
    expect(parseConfig(text, 'config.yaml').source).toBe('extbackup@backup.example.org');
  });

  test('is accepted with every setting in force', () => {
    expect(parseConfig(without('sources'), 'config.yaml').notify.map(({ type }) => type)).toEqual([
      ...['command', 'mail', 'ntfy', 'webhook', 'ping', 'apprise', 'signal', 'gotify'],
    ]);
    expect(parseConfig(without('source'), 'config.yaml').sources?.map(({ name }) => name)).toEqual(['office']);
  });

  test('has every setting that there is', () => {
    const all = namesOf(z.toJSONSchema(configSchema, { io: 'input' })).sort();
    expect(all).toContain('pull.stallTimeout');
    expect(namesIn(parse(inForce)).sort()).toEqual(all);
  });

  test('shows the defaults of what has none as a whole', () => {
    const id = 'some-server';
    const written = configSchema.parse({
      source: 'a@b',
      key: { derivation: 'sha512' },
      attestation: { id },
    }).attestation;
    expect({ ...parseConfig(without('sources'), 'config.yaml').attestation, id }).toEqual(written);
  });

  test('shows for a source what it has without settings of its own', () => {
    const { port, guard, attestation, sources } = parseConfig(without('source'), 'config.yaml');
    expect(sources?.[0]).toMatchObject({
      port,
      guard,
      exclude: [],
      attestation: { ...attestation, id: expect.any(String) as string },
    });
  });

  test('shows the defaults: with them in force nothing changes', () => {
    const comparable = (yaml: string): object => {
      const config = parseConfig(yaml, 'config.yaml');
      return {
        ...config,
        notify: [],
        hooks: [],
        metrics: {},
        drill: {},
        report: {},
        attestation: undefined,
        addresses: undefined,
        wake: undefined,
        history: {
          ...config.history,
          keep: { ...config.history.keep, weekly: undefined, monthly: undefined, yearly: undefined },
        },
        pull: { ...config.pull, bandwidthLimit: 0 },
        key: { ...config.key, check: undefined },
      };
    };
    expect(comparable(without('sources'))).toEqual(comparable(text));
  });
});
