import { describe, expect, it } from 'vitest';
import { addressName, knownName, parseAddress } from '../../../src/config/address.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { serversOf, sourcesOf } from '../../../src/config/sources.ts';

const parse = (text: string) => parseConfig(`key: {derivation: sha512}\n${text}`, 'file');

describe('an address', () => {
  it.each([
    ['backup.example.org', { host: 'backup.example.org', port: 2200 }],
    ['backup.example.org:22', { host: 'backup.example.org', port: 22 }],
    ['192.168.1.10:65535', { host: '192.168.1.10', port: 65_535 }],
    ['2001:db8::1', { host: '2001:db8::1', port: 2200 }],
    ['[2001:db8::1]', { host: '2001:db8::1', port: 2200 }],
    ['[fe80::1%eth0]:22', { host: 'fe80::1%eth0', port: 22 }],
  ])('%s leads to %j', (text, address) => {
    expect(parseAddress(text, 2200)).toEqual(address);
  });

  it.each([
    '',
    '-oProxyCommand=x',
    'a b',
    'user@host',
    'host:0',
    'host:65536',
    'host:x',
    '[host]',
    '[1.2.3.4]',
    '::1:x',
    'a/b',
    'a\nb',
    '$x',
  ])('%j is refused', (text) => {
    expect(parseAddress(text, 22)).toBeUndefined();
    expect(() => parse(`source: a@b\naddresses: [${JSON.stringify(text)}]`)).toThrow(/addresses.0: must be HOST/);
  });

  it('is named as people write it, and its host key as ssh looks it up', () => {
    const six = { host: '2001:db8::1', port: 22 };
    expect([addressName(six), addressName({ ...six, port: 23 })]).toEqual(['2001:db8::1', '[2001:db8::1]:23']);
    expect([knownName({ host: '[::1]', port: 22 }), knownName({ host: 'a', port: 23 })]).toEqual(['::1', '[a]:23']);
  });
});

describe('the addresses of a source', () => {
  it('are its own, or those outside of sources, with its port', () => {
    const config = parse(
      'port: 9\naddresses: [one]\nsources:\n  - {name: x, source: a@b}\n  - {name: y, source: a@b, port: 8, addresses: [two, "two:7"]}',
    );
    expect(sourcesOf(config).map(({ addresses }) => addresses)).toEqual([
      [{ host: 'one', port: 9 }],
      [
        { host: 'two', port: 8 },
        { host: 'two', port: 7 },
      ],
    ]);
    expect(serversOf(config)).toHaveLength(2);
    expect(sourcesOf(parse('source: a@b')).map((one) => 'addresses' in one)).toEqual([false]);
  });

  it('belong to one server', () => {
    expect(() => parse('addresses: [one]\nsources: [{name: x, source: a@b}, {name: y, source: a@c}]')).toThrow(
      /addresses: belongs into the entries of sources/,
    );
    expect(() => parse('source: a@b\naddresses: []')).toThrow(/addresses: must have at least one entry/);
  });
});
