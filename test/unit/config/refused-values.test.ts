import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';

const messagesOf = (settings: object): string[] => {
  const checked = configSchema.safeParse({ source: 'a@b', key: { derivation: 'sha512' }, ...settings });
  return checked.success ? [] : checked.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

describe('a setting that another program would give a meaning', () => {
  it.each(['a@b:data[1]', 'a@b:*', 'a@b:x/?', 'a@b:x\\y', 'a@[::1]:x]'])('is refused as a source: %s', (source) => {
    expect(messagesOf({ source })).toEqual([expect.stringContaining('must not contain [ ] * ?')]);
  });
  it.each(['a@2001:db8::1', 'a@::1', 'a@fe80::1%eth0'])(
    'with an IPv6 address without brackets is refused: %s',
    (source) => {
      expect(messagesOf({ source })).toEqual([expect.stringContaining('write USER@[ADDRESS]')]);
    },
  );
  it.each([
    'a@b',
    'a@b:',
    'Back.Up_1@NAS_2.office',
    'a@[fe80::1%eth0]:data',
    'a@b:data',
    'a@[2001:db8::1]',
    'a@[::1]:daily mail/2026',
    "a@b:it's (old) #1 ~$HOME",
  ])('is taken as a source: %s', (source) => {
    expect(messagesOf({ source })).toEqual([]);
  });
  it.each(['a@b:x/./y', 'a@b:x/.', 'a@b:..', 'a@b:../x', 'a@b:x/../y', 'a@[::1]:x/./'])(
    'is refused as a source, because of a dot: %s',
    (source) => {
      expect(messagesOf({ source })).toEqual([expect.stringContaining('must not have . or ..')]);
    },
  );
  it.each(['a@b::module', 'a@b::', 'me@backup::data/x', 'a@[::1]::x'])(
    'is refused as a source, as a daemon: %s',
    (source) => {
      expect(messagesOf({ source })).not.toEqual([]);
    },
  );
  it.each(['Content-Length', 'transfer-encoding', 'Connection', 'Proxy-Authorization', 'host'])(
    'is refused as a header: %s',
    (name) => {
      const webhook = { type: 'webhook', url: 'https://example.org/' };
      expect(messagesOf({ notify: [{ ...webhook, headers: { [name]: '1' } }] })).toHaveLength(1);
      expect(messagesOf({ notify: [{ ...webhook, signatureHeader: name }] })).toHaveLength(1);
    },
  );
  it.each(['https://example.org/?x=', 'https://example.org/#x'])('is refused as a server: %s', (server) => {
    expect(messagesOf({ notify: [{ type: 'gotify', server, tokenFile: '/etc/token' }] })).toHaveLength(1);
    expect(messagesOf({ notify: [{ type: 'ntfy', topic: 'x', server }] })).toHaveLength(1);
  });
  it.each([', ,', '"Anna"', '   '])('is refused for a mail, without an address: %j', (to) => {
    expect(messagesOf({ notify: [{ type: 'mail', to, from: 'root' }] })).toHaveLength(1);
  });
  it('is refused as an exclusion: what rsync leaves out for its length', () => {
    expect(messagesOf({ pull: { exclude: ['x'.repeat(4_096)] } })).toHaveLength(1);
  });
  it.each(['a@b:./x', 'a@b:.config/x', 'a@b:x..y/...', 'a@b.c.d'])(
    'is taken as a source, dots and all: %s',
    (source) => {
      expect(messagesOf({ source })).toEqual([]);
    },
  );
  it.each([
    { to: 'a@b\nBcc: c@d' },
    { from: 'a@b\r\nRCPT TO:<c@d>' },
    { to: 'a@b\u0085c' },
    { host: '-x' },
    { host: 'mail host' },
  ])('is refused for a mail: %j', (given) => {
    expect(messagesOf({ notify: [{ type: 'mail', to: 'root', from: 'root', ...given }] })).toHaveLength(1);
  });
  it.each([{ yearly: 2 }, { age: '25w', monthly: 6 }, { age: '1w', weekly: 2 }, { weekly: 0 }, { weekly: 1.5 }])(
    'is refused where age ends before it: %j',
    (keep) => {
      expect(messagesOf({ history: { keep } })).toHaveLength(1);
    },
  );
  it.each([
    { yearly: 1, monthly: 12, weekly: 52 },
    { age: '520w', yearly: 10 },
    { age: '26w', monthly: 6 },
  ])('is taken where age reaches as far: %j', (keep) => {
    expect(messagesOf({ history: { keep } })).toEqual([]);
  });
  it('is taken for a mail', () => {
    const to = '"Miller, Anna" <anna@example.org>, root';
    expect(messagesOf({ notify: [{ type: 'mail', to, from: 'extbackup', host: '2001:db8::1' }] })).toEqual([]);
  });
  it('is refused as an argument: a zero byte', () => {
    expect(messagesOf({ hooks: [{ when: 'after-sync', command: '/bin/true', args: ['a\0b'] }] })).toHaveLength(1);
    expect(messagesOf({ notify: [{ type: 'command', command: '/bin/true', args: ['a\0b'] }] })).toHaveLength(1);
  });
  it.each(['+ *', '- keep', '!', 'a\nb'])('is refused as a pattern of what is compared: %j', (pattern) => {
    expect(messagesOf({ pull: { compare: { checksum: [pattern] } } })).toHaveLength(1);
  });
  it.each(['+ *', '- keep', '!', 'a\nb'])('is refused as an exclusion: %j', (pattern) => {
    expect(messagesOf({ pull: { exclude: [pattern] } })).toHaveLength(1);
    expect(messagesOf({ source: undefined, sources: [{ name: 'a', source: 'a@b', exclude: [pattern] }] })).toHaveLength(
      1,
    );
  });
  it.each(['*.tmp', '/cache/', '!important', '+plus', '-minus', 'a - b'])('is taken as an exclusion: %s', (pattern) => {
    expect(messagesOf({ pull: { exclude: [pattern] } })).toEqual([]);
  });
  it.each([
    'Match=all',
    'host=other',
    'Include=/tmp/x',
    'ProxyCommand=/bin/nc',
    'proxyjump=gate',
    'localcommand=x',
    'Port="22"',
    'RemoteCommand=ls',
    'SecurityKeyProvider=/tmp/x.so',
    'XAuthLocation=/tmp/x',
  ])('is refused as an ssh option: %s', (option) => {
    expect(messagesOf({ ssh: { options: [option] } })).toHaveLength(1);
  });
  it('is taken as an ssh option', () => {
    expect(messagesOf({ ssh: { options: ['AddressFamily=inet6', 'HostKeyAlgorithms=ssh-ed25519'] } })).toEqual([]);
  });
  it.each(['/etc/%h', '/etc/${HOME}', '/etc/"x"'])('is refused as a path for ssh: %s', (knownHosts) => {
    expect(messagesOf({ ssh: { knownHosts } })).toHaveLength(1);
  });
});

describe('a duration', () => {
  it.each([
    [{ pull: { stallTimeout: '0s' } }, 'pull.stallTimeout: must be at least 0.1s'],
    [{ usb: { warnAfter: '0s' } }, 'usb.warnAfter: must be at least 0.1s'],
    [{ rotation: { every: '99999w' } }, 'rotation.every: must not be longer than 520w'],
    [{ rotation: { drives: { B: '0d' } } }, 'rotation.drives.B: must be at least 1s'],
    [{ history: { keep: { age: '99999999999w' } } }, 'history.keep.age: must be a number with a unit'],
  ])('has bounds: %j', (settings, message) => {
    expect(messagesOf(settings)).toEqual([expect.stringContaining(message)]);
  });
  it.each([{ usb: { warnAfter: '3w' } }, { verify: { limit: '1s' } }, { pull: { stallTimeout: '1.5s' } }])(
    'is taken: %j',
    (settings) => {
      expect(messagesOf(settings)).toEqual([]);
    },
  );
});
