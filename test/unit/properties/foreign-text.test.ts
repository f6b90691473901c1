import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseConfig } from '../../../src/config/load.ts';
import { ConfigError } from '../../../src/errors.ts';
import { parseHostKeys } from '../../../src/keys/host-key.ts';
import { parseLsblk, withDescendants } from '../../../src/disk/block-devices.ts';
import { parseMountinfo } from '../../../src/disk/mounts.ts';
import { anyJsonText, anyText, damaged } from './hostile-text.ts';

const place = fc.stringMatching(/^\/[^\0]{0,20}$/);
const escaped = (path: string): string =>
  path.replace(/[ \t\n\\]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`);

test('mountinfo: any path comes back as the kernel escaped it, and other lines count for nothing', () => {
  fc.assert(
    fc.property(place, place, anyText, (mountpoint, source, rubbish) => {
      const line = `36 35 98:0 / ${escaped(mountpoint)} rw,nodev shared:1 - ext4 ${escaped(source)} rw`;
      const mounts = parseMountinfo(`${line}\n${rubbish}\n`);
      expect(mounts[0]).toEqual({ mountpoint, fstype: 'ext4', source, options: ['rw', 'nodev'], device: '98:0' });
      for (const mount of mounts) expect(mount.options.length).toBeGreaterThan(0);
    }),
  );
});

test('lsblk: a tree of devices, or an Error', () => {
  const device = fc.letrec((tie) => ({
    node: fc.record(
      {
        kname: fc.stringMatching(/^[a-z]{1,5}$/),
        path: fc.stringMatching(/^\/dev\/[a-z]{1,5}$/),
        type: fc.constantFrom('disk', 'part', 'crypt'),
        size: fc.oneof(fc.nat(), fc.nat().map(String)),
        children: fc.array(tie('node'), { maxLength: 2 }),
        mountpoints: fc.option(fc.array(fc.option(anyText), { maxLength: 2 })),
        serial: fc.option(anyText),
      },
      { requiredKeys: ['kname', 'path', 'type', 'size'] },
    ),
  })).node;
  const good = fc.array(device, { maxLength: 2 }).map((blockdevices) => JSON.stringify({ blockdevices }));
  fc.assert(
    fc.property(fc.oneof(good, damaged(good), anyJsonText), (text) => {
      try {
        for (const one of parseLsblk(text).flatMap((disk) => [...withDescendants(disk)])) {
          expect(one.path.startsWith('/dev/') && Number.isSafeInteger(one.sizeBytes)).toBe(true);
          expect(one.mountpoints).not.toContain(null);
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'EXB_STATION' });
      }
    }),
  );
  fc.assert(
    fc.property(good, (text) => {
      parseLsblk(text);
    }),
  );
});

test('host keys: a name, a type and a fingerprint each, and the lines are read again as they are', () => {
  const line = fc
    .tuple(
      fc.stringMatching(/^[a-z0-9.[\]:]{1,20}$/),
      fc.constantFrom('ssh-ed25519', 'ssh-rsa'),
      fc.base64String({ minLength: 4, maxLength: 80 }),
    )
    .map((parts) => parts.join(' '));
  fc.assert(
    fc.property(fc.array(fc.oneof(anyText, line, damaged(line))), (lines) => {
      const keys = parseHostKeys(lines.join('\n'));
      for (const { fingerprint, line: one } of keys) {
        expect(fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
        expect(one).not.toMatch(/[\n\r]/);
      }
      expect(parseHostKeys(keys.map((key) => key.line).join('\n'))).toEqual(keys);
    }),
  );
});

/** No two letters of it stand in any message by chance. */
const secret = fc.stringMatching(/^[A-Z0-9]{12}$/).map((text) => `Q~${text}`);

test('configuration: any text is settings or a ConfigError', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        anyText,
        anyJsonText,
        fc.object({ maxDepth: 3 }).map((content) => stringify(content)),
      ),
      (text) => {
        try {
          parseConfig(text, '/etc/extbackup/config.yaml');
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
        }
      },
    ),
  );
});

test('configuration: no value that is refused is ever repeated', () => {
  const places = [
    'key.check',
    'key.derivation',
    'key',
    'source',
    'ssh.key',
    'notify.0.passwordFile',
    'notify.0.password',
    'rotation.every',
    'pull.exclude',
    'hooks.0.command',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...places), secret, fc.constantFrom('text', 'list', 'map'), (where, value, how) => {
      const wrong = { text: value, list: [value], map: { is: value } }[how];
      const content = where
        .split('.')
        .reduceRight<unknown>((inner, key) => (/^\d$/.test(key) ? [inner] : { [key]: inner }), wrong);
      try {
        parseConfig(stringify(content), 'config.yaml');
        throw new Error('it was taken');
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
        expect(`${String(error)} ${(error as ConfigError).todo} ${String((error as Error).cause)}`).not.toContain(
          value,
        );
      }
    }),
  );
  fc.assert(
    fc.property(
      secret,
      fc.constantFrom('key: [', 'key: {check: ', 'key:\n\tcheck: ', 'key: &', 'key: *', 'key: !!', 'key: "'),
      (value, before) => {
        try {
          parseConfig(`${before}${value}`, 'config.yaml');
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          expect(String(error)).not.toContain(value);
        }
      },
    ),
  );
});
