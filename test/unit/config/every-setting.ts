import { z } from 'zod';
import { configSchema } from '../../../src/config/schema.ts';

/** Keys and positions from the top. */
export type Place = readonly (string | number)[];

interface Described {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Described>>;
  readonly additionalProperties?: Described | boolean;
  readonly propertyNames?: Described;
  readonly items?: Described;
  readonly anyOf?: readonly Described[];
  readonly oneOf?: readonly Described[];
}

/** Where a setting takes free text, by the schema itself: a new one is found, too. An entry of a list is its first. */
export function placesOfText(): Place[] {
  const found = placesIn(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as Described, []);
  return [...new Map(found.map((place) => [nameOf(place), place])).values()];
}

function placesIn(described: Described, at: Place): Place[] {
  const { properties = {}, additionalProperties, items, anyOf = [], oneOf = [] } = described;
  if (described.const !== undefined || described.enum !== undefined) return [];
  if (described.type === 'string') return [at];
  return [
    ...Object.entries(properties).flatMap(([key, value]) => placesIn(value, [...at, key])),
    ...(typeof additionalProperties === 'object' ? placesIn(additionalProperties, [...at, 'Name']) : []),
    ...(items?.oneOf ?? []).flatMap((item) => placesIn(item, [...at, indexOfType(item)])),
    ...(items && !items.oneOf ? placesIn(items, [...at, 0]) : []),
    ...[...anyOf, ...oneOf].flatMap((option) => placesIn(option, at)),
  ];
}

const indexOfType = ({ properties }: Described): number =>
  everyChannel.findIndex(({ type }) => type === properties?.['type']?.const);

const everyChannel = [
  { type: 'command', command: '/bin/true', args: [''] },
  { type: 'mail', to: 'root', from: 'root' },
  { type: 'ntfy', topic: 'x', tags: ['x'] },
  { type: 'webhook', url: 'https://example.org/', headers: {}, headerFiles: {} },
  { type: 'ping', url: 'https://example.org/' },
  { type: 'apprise', config: '/etc/apprise', tags: ['x'] },
  { type: 'gotify', server: 'https://example.org', tokenFile: '/etc/token' },
  { type: 'signal', lights: ['x'] },
];

export const nameOf = (place: Place): string =>
  place
    .map((part, index) => (place[index - 1] === 'notify' ? (everyChannel[Number(part)]?.type ?? '') : part))
    .filter((part) => typeof part === 'string')
    .join('.');

/** Settings that have everything that can have others inside. */
const whole = () => ({
  sources: [{ name: 'a', source: 'a@b', exclude: [], requires: [], guard: {}, attestation: { id: 'abcdefgh' } }],
  key: { derivation: 'sha512' },
  attestation: { id: 'abcdefgh' },
  hooks: [{ when: 'after-sync', command: '/bin/true', args: [''] }],
  notify: structuredClone(everyChannel),
});

/** Gives a setting a value, beside settings that are right: "taken", or what is said of it. */
export function tryAt(place: Place, value: string): string {
  const settings: Record<string | number, unknown> = whole();
  if (place[0] === 'source') delete settings['sources'];
  if (place[0] === 'notify' && place[2] === 'urlFile')
    (settings['notify'] as Record<string, unknown>[]).forEach(
      (channel) => channel['type'] === 'ping' && delete channel['url'],
    );
  let here = settings;
  for (const [index, key] of place.slice(0, -1).entries())
    here = (here[key] ??= typeof place[index + 1] === 'number' ? [] : {}) as typeof settings;
  here[place.at(-1) ?? ''] = value;
  const read = configSchema.safeParse(settings);
  return read.success ? 'taken' : read.error.issues.map(({ message }) => message).join('; ');
}
