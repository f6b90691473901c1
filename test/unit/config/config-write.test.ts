import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import { renderConfig, updateConfig, writeNewConfig } from '../../../src/config/write.ts';
import { ConfigError } from '../../../src/errors.ts';

const key = { derivation: 'scrypt' as const, scrypt: { N: 2 ** 14, r: 8, p: 1 }, check: 'ab'.repeat(32) };
const small = { source: 'extbackup@backup.example.org', port: 22, key };

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(`${tmpdir()}/config-write-`);
  file = `${directory}/config.yaml`;
});
afterEach(() => rm(directory, { recursive: true }));

describe('a new configuration', () => {
  it('is accepted, holds what was given, and names no setting that has its default', () => {
    const text = renderConfig(small);
    expect(parseConfig(text, 'x')).toMatchObject(small);
    expect(text).not.toMatch(/^(?:port|ssh|pull|notify):/m);
  });

  it('names a port and ssh files that are not the usual ones', () => {
    const unusual = { ...small, port: 2222, ssh: { key: '/etc/extbackup/id_rsa.encrypted' } };
    expect(parseConfig(renderConfig(unusual), 'x')).toMatchObject(unusual);
  });

  it('can be read by root alone', async () => {
    await writeNewConfig(file, small);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });
});

describe('a change of the configuration', () => {
  it('keeps comments and other settings', async () => {
    await writeFile(
      file,
      `# mine\nsource: a@b.example.org # why\nport: 22\nkey:\n  derivation: sha512\npull:\n  retries: 5 # flaky line\n`,
    );
    const config = await updateConfig(file, [
      { path: ['port'], value: 2200 },
      { path: ['key', 'check'], value: 'ab'.repeat(20) },
    ]);
    expect(config).toMatchObject({ port: 2200, pull: { retries: 5 }, key: { check: 'ab'.repeat(20) } });
    const text = await readFile(file, 'utf8');
    for (const kept of ['# mine', '# why', '# flaky line']) expect(text).toContain(kept);
  });

  it('that would not be accepted leaves the file as it is', async () => {
    await writeNewConfig(file, small);
    const before = await readFile(file, 'utf8');
    await expect(updateConfig(file, [{ path: ['port'], value: 99_999 }])).rejects.toThrow(ConfigError);
    expect(await readFile(file, 'utf8')).toBe(before);
  });

  it('loses nothing when others come at the same time', async () => {
    await writeNewConfig(file, small);
    const changes = [
      { path: ['port'] as const, value: 2201 },
      { path: ['pull', 'retries'] as const, value: 9 },
      { path: ['contact'] as const, value: 'Ann Smith' },
      { path: ['language'] as const, value: 'de' },
      { path: ['rotation', 'every'] as const, value: '3w' },
    ];
    await Promise.all(changes.map((change) => updateConfig(file, [change])));
    const text = await readFile(file, 'utf8');
    for (const part of ['port: 2201', 'retries: 9', 'Ann Smith', 'language: de', 'every: 3w'])
      expect(text).toContain(part);
  });

  it('that changes nothing does not touch the file', async () => {
    await writeNewConfig(file, small);
    const before = await stat(file);
    await updateConfig(file, [
      { path: ['source'], value: small.source },
      { path: ['key', 'scrypt'], value: key.scrypt },
    ]);
    expect((await stat(file)).mtimeMs).toBe(before.mtimeMs);
    expect((await stat(file)).ino).toBe(before.ino);
  });
});
