import { describe, expect, it } from 'vitest';
import { nameOf, placesOfText, tryAt } from './every-setting.ts';

const texts = placesOfText().map((place) => ({ name: nameOf(place), place }));
const isSpan = ({ place }: (typeof texts)[number]): boolean =>
  tryAt(place, '20m') === 'taken' && tryAt(place, 'minutes') !== 'taken';
const spans = texts.filter(isSpan);

it('finds the settings, those in lists and of channels, too', () => {
  const names = texts.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['source', 'sources.exclude', 'rotation.drives.Name', 'hooks.args']));
  expect(names).toEqual(expect.arrayContaining(['notify.mail.host', 'notify.webhook.headerFiles.Name']));
  expect(spans.length).toBeGreaterThan(20);
});

describe('a time span has bounds', () => {
  /** No time at all: all of the history is old, no copy is fresh, nobody is reminded. */
  const mayBeNothing = ['history.keep.age', 'history.keep.atLeast', 'scheduled.freshFor', 'mount.remindBefore'];
  const isTimer = (name: string): boolean =>
    name.endsWith('.timeout') || ['pull.stallTimeout', 'pull.longest', 'verify.limit', 'usb.warnAfter'].includes(name);

  it.each(spans)('$name', ({ name, place }) => {
    expect(tryAt(place, '0s') === 'taken').toBe(mayBeNothing.includes(name));
    expect(tryAt(place, '0.001s') === 'taken').toBe(mayBeNothing.includes(name));
    expect(tryAt(place, '52w') === 'taken').toBe(!isTimer(name)); // Node's timers end after 24.8 days
    expect(tryAt(place, isTimer(name) ? '24d' : '520w')).toBe('taken');
    for (const text of ['1000y', '521w', '99999999w', '999999999d', '-1h', '1e9s', 'Infinity', ''])
      expect(tryAt(place, text)).toMatch(/^must/);
  });
});

describe('a text that a program could give a meaning', () => {
  const meanings = {
    newline: 'a\nb',
    return: 'a\rb',
    zero: '/a\0b',
    dash: '-x',
    pattern: '/a[b]*?',
    host: 'host:path',
    percent: '/a%h',
    blank: '/a b',
    quote: `/a"b'c`,
    shell: '/$(x)`y`',
    comma: '/a,b',
    above: '../x',
  };
  const inPath = 'pattern percent quote shell comma'; // of a file that we open ourselves
  const inPattern = 'return dash pattern host percent blank quote shell comma above';
  const inArgument = `newline ${inPattern}`; // of the operator's own program, as it stands

  /** What is taken, because nobody gives it a meaning there. All other settings take nothing of it. */
  const taken: Readonly<Record<string, string>> = {
    'sources.exclude': inPattern,
    'sources.requires': 'dash',
    'sources.attestation.file': 'dash',
    'ssh.key': 'comma pattern',
    'ssh.publicKey': 'comma pattern',
    'ssh.knownHosts': 'comma pattern',
    'pull.exclude': inPattern,
    'pull.compare.checksum': inPattern,
    'pull.requires': 'dash',
    'attestation.file': 'dash',
    'hooks.command': inPath,
    'hooks.args': inArgument,
    contact: 'dash pattern host percent blank quote shell comma above',
    'notify.command.command': inPath,
    'notify.command.args': inArgument,
    'notify.mail.host': 'host',
    'notify.mail.user': 'dash pattern host percent blank quote shell comma above',
    'notify.mail.to': 'pattern host percent blank quote shell comma above',
    'notify.mail.from': 'pattern host percent blank quote shell comma above',
    'notify.ntfy.topic': 'dash',
    'notify.ntfy.tags': 'zero dash pattern host percent quote shell above', // JSON
    'notify.webhook.signatureHeader': 'dash',
    'notify.webhook.headers.Name': 'dash pattern host percent blank quote shell comma above',
    'notify.ping.start': 'dash pattern host percent quote shell comma above',
    'notify.ping.success': 'dash pattern host percent quote shell comma above',
    'notify.ping.fail': 'dash pattern host percent quote shell comma above',
    'notify.ping.log': 'dash pattern host percent quote shell comma above',
    'notify.apprise.config': 'quote shell',
    'notify.signal.lights': 'dash host', // compared with names, and never part of a path
    'notify.apprise.tags': 'pattern host percent quote shell above',
  };
  const files = ['caFile', 'tokenFile', 'passwordFile', 'secretFile', 'urlFile', 'headerFiles.Name'];
  const expected = (name: string): string =>
    taken[name] ?? (files.some((file) => name.endsWith(`.${file}`)) ? inPath : '');

  it.each(texts.filter((text) => !isSpan(text)))('$name', ({ name, place }) => {
    const found = Object.entries(meanings).flatMap(([meaning, text]) =>
      tryAt(place, text) === 'taken' ? meaning : [],
    );
    expect(found.sort()).toEqual(expected(name).split(' ').filter(Boolean).sort());
  });
});
