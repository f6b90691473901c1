import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { factsOf, parseLuks1, parseLuks2, uuidIn, type LuksHeader } from '../../../src/disk/luks-header.ts';
import { parseCryptTable } from '../../../src/disk/luks-mapping.ts';
import { assertTrusted } from '../../../src/disk/luks-trust.ts';
import { luksBlock } from '../../fakes/luks2-image.ts';

/** What `cryptsetup luksDump --dump-json-metadata` prints of a disk that extbackup prepared. */
const prepared = () => ({
  keyslots: {
    '0': {
      type: 'luks2',
      key_size: 64,
      af: { type: 'luks1', stripes: 4000, hash: 'sha256' },
      area: { type: 'raw', offset: '32768', size: '258048', encryption: 'aes-xts-plain64', key_size: 64 },
      kdf: { type: 'argon2id', time: 5, memory: 65536, cpus: 2, salt: 'c2FsdA==' },
    },
  },
  tokens: {},
  segments: {
    '0': {
      type: 'crypt',
      offset: '16777216',
      size: 'dynamic',
      iv_tweak: '0',
      encryption: 'aes-xts-plain64',
      sector_size: 4096,
    },
  },
  digests: {
    '0': { type: 'pbkdf2', keyslots: ['0'], segments: ['0'], hash: 'sha256', salt: 'c2FsdA==', digest: 'ZGlnZXN0' },
  },
  config: { json_size: '12288', keyslots_size: '16744448' },
});
type Json = Record<string, unknown>;

/** The same header with one field changed; `path` is dotted. */
function withField(path: string, value: unknown): LuksHeader | undefined {
  const header = prepared() as Json;
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let at = header;
  for (const key of keys) at = (at[key] ??= {}) as Json;
  at[last] = value;
  return parseLuks2(JSON.stringify(header));
}

const ours = (): LuksHeader => {
  const header = parseLuks2(JSON.stringify(prepared()));
  if (header === undefined) throw new Error('our own header was not read');
  return header;
};
const memory = 1024 ** 3;
const refusal = (header: LuksHeader | undefined, enrolled?: LuksHeader): string => {
  try {
    assertTrusted('BACKUP_1', header, enrolled && factsOf(enrolled), memory);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
};

describe('a LUKS2 header', () => {
  it('of a prepared disk is believed, before and after it is enrolled', () => {
    expect(refusal(ours())).toBe('');
    expect(refusal(ours(), ours())).toBe('');
  });

  it.each([
    ['segments.0.encryption', 'cipher_null-ecb', 'which is no encryption'],
    ['segments.0.encryption', 'capi:cipher_null-ecb', 'which is no encryption'],
    ['segments.0.encryption', 'aes-ecb', 'not on the list of known ones'],
    ['keyslots.0.area.encryption', 'cipher_null-ecb', 'one of its keyslots is not encrypted'],
    ['keyslots.0.area.encryption', 'aes-ecb', 'not on the list of known ones'],
    ['keyslots.0.kdf.type', 'none', 'not on the list of known ones'],
    ['keyslots.0.kdf.memory', 4194304, 'asks for 4096 MiB of memory'],
    ['keyslots.0.key_size', 1, 'with a key of 8 bits'],
    ['keyslots.1', { type: 'reencrypt' }, 'a keyslot that is not of type luks2'],
    ['segments.1', { type: 'linear' }, 'more than one segment'],
    ['segments.0.type', 'linear', 'a segment of type linear'],
    ['segments.0.size', '1048576', 'does not reach to the end'],
    ['segments.0.iv_tweak', '8', 'do not begin at 0'],
    ['segments.0.integrity', { type: 'hmac(sha256)' }, 'a segment with integrity'],
    ['segments.0.flags', ['backup-final'], 'a segment with flags'],
    ['segments.0.sector_size', 8192, 'its sector size is 8192 bytes'],
    ['config.requirements', { mandatory: ['online-reencrypt'] }, 'the requirement online-reencrypt'],
    ['config.flags', ['something-new'], 'the flag something-new'],
  ])('with %s = %j is refused: %s', (path, value, words) => {
    expect(refusal(withField(path, value))).toContain(words);
  });

  it('with the persistent flags of cryptsetup that only change speed is believed', () => {
    expect(refusal(withField('config.flags', ['allow-discards', 'no-read-workqueue']))).toBe('');
  });

  it.each([
    ['segments.0.encryption', 'serpent-xts-plain64', 'its cipher is not the one'],
    ['segments.0.sector_size', 512, 'its sector size is not the one'],
    ['digests.0.digest', 'b3RoZXI=', 'its volume key is not the one'],
    ['digests.0.salt', 'b3RoZXI=', 'its volume key is not the one'],
  ])('with another %s than when it was enrolled is refused, though it is on the list', (path, value, words) => {
    expect(refusal(withField(path, value))).toBe('');
    expect(refusal(withField(path, value), ours())).toContain(words);
  });

  it('that is no header at all is refused', () => {
    for (const text of ['', '{}', '[]', 'null', '{"segments":{"0":{}}}'])
      expect(refusal(parseLuks2(text))).toContain('cannot be read');
  });

  it('never throws anything but a refusal, whatever stands in it', () => {
    fc.assert(
      fc.property(
        fc.json(),
        fc.constantFrom('segments', 'keyslots', 'digests', 'config', 'segments.0', 'keyslots.0.area'),
        (json, path) => {
          const words = refusal(withField(path, JSON.parse(json)));
          expect(words === '' || words.startsWith('The LUKS header of BACKUP_1 is not trusted')).toBe(true);
        },
      ),
    );
  });
});

function luks1(cipher = 'aes', mode = 'xts-plain64', keyBytes = 64): Buffer {
  const header = Buffer.alloc(592);
  header.write('LUKS\xba\xbe', 0, 'latin1');
  header.writeUInt16BE(1, 6);
  header.write(cipher, 8, 'latin1');
  header.write(mode, 40, 'latin1');
  header.writeUInt32BE(4096, 104);
  header.writeUInt32BE(keyBytes, 108);
  header.writeUInt32BE(0x00ac71f3, 208);
  return header;
}

describe('a LUKS1 header', () => {
  it('as the tutorial makes it is believed', () => {
    expect(parseLuks1(luks1())).toMatchObject({
      version: 1,
      cipher: 'aes-xts-plain64',
      keyBits: 512,
      dataOffset: 2097152,
    });
    expect(refusal(parseLuks1(luks1()))).toBe('');
    expect(refusal(parseLuks1(luks1('aes', 'cbc-essiv:sha256', 32)))).toBe('');
  });

  it('without encryption, without a keyslot, or cut short is refused', () => {
    expect(refusal(parseLuks1(luks1('cipher_null', 'ecb')))).toContain('which is no encryption');
    const empty = luks1();
    empty.writeUInt32BE(0x0000dead, 208);
    expect(refusal(parseLuks1(empty))).toContain('cannot be read');
    expect(refusal(parseLuks1(luks1().subarray(0, 500)))).toContain('cannot be read');
  });

  it('in place of the LUKS2 header that was enrolled is refused', () => {
    expect(refusal(parseLuks1(luks1()), ours())).toContain('its LUKS version is not the one');
  });
});

describe('the table of an open mapping', () => {
  it.each([
    ['0 77824 crypt aes-xts-plain64 :64:logon:cryptsetup:x-d0 0 8:1 32768 1 sector_size:4096', 4096],
    ['0 77824 crypt aes-xts-plain64 0000 0 8:1 32768', 512],
    ['0 77824 crypt aes-xts-plain64 0000 0 8:1 32768 2 allow_discards sector_size:2048\n', 2048],
  ])('is read: %s', (text, sectorSize) => {
    expect(parseCryptTable(text)).toEqual({
      cipher: 'aes-xts-plain64',
      device: '8:1',
      dataOffset: 16777216,
      sectorSize,
    });
  });

  it.each([
    '0 77824 linear 8:1 32768',
    '0 8 crypt aes-xts-plain64 00 0 8:1 32768\n8 8 linear 8:1 0',
    '8 77824 crypt aes-xts-plain64 00 0 8:1 32768',
    '0 77824 crypt aes-xts-plain64 00 0 8:1 32768 1 integrity:28:aead',
    '',
  ])('is nothing that extbackup opens: %j', (text) => {
    expect(parseCryptTable(text)).toBeUndefined();
  });
});

describe('uuidIn', () => {
  const uuid = '6f1c2a4e-0b1d-4c7f-9a53-0123456789ab';
  it.each([1, 2])('reads the UUID of LUKS%i', (version) => {
    expect(uuidIn(luksBlock({ version, uuid }))).toBe(uuid);
  });

  it.each([
    ['another magic', luksBlock({ uuid, magic: 'SKUL\xba\xbe' })],
    ['another version', luksBlock({ uuid, version: 3 })],
    ['no UUID', luksBlock()],
    ['something else in its place', luksBlock({ uuid: `${uuid}a` })],
    ['a short block', luksBlock({ uuid }).subarray(0, 512)],
    ['nothing', Buffer.alloc(0)],
  ])('finds none in %s', (_what, bytes) => {
    expect(uuidIn(bytes)).toBeUndefined();
  });

  it('never throws, whatever the block', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), (bytes) => {
        uuidIn(Buffer.from(bytes));
      }),
    );
  });
});
