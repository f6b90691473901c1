import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createKeyLookup } from '../../../src/agent/key-lookup.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { placeOf, type SecretPlace } from '../../../src/keys/ram-directory.ts';
import { files, type Paths } from '../../../src/system/paths.ts';

let top = '';
let paths: Paths;
let warnings: string[];
beforeEach(async () => {
  top = await mkdtemp(`${tmpdir()}/key-lookup-`);
  paths = { config: `${top}/config.yaml`, etc: top, state: top, run: top, ramfs: `${top}/ramfs`, plaintext: top };
  warnings = [];
});
afterEach(async () => {
  await rm(top, { recursive: true });
});

const lookup = (find?: (file: string) => SecretPlace): (() => Promise<boolean>) =>
  createKeyLookup({
    paths,
    loadConfig: () =>
      Promise.resolve(
        configSchema.parse({
          source: 'a@b',
          key: { derivation: 'sha512' },
          ssh: { key: `${top}/id_rsa.encrypted`, publicKey: `${top}/id_rsa.pub`, knownHosts: `${top}/known_hosts` },
        }),
      ),
    warn: (reason, todo) => {
      warnings.push(`${reason} ${todo}`);
    },
    ...(find && { placeOf: (file: string) => Promise.resolve(find(file)) }),
  });

it.each<[boolean, string, SecretPlace, SecretPlace, SecretPlace]>([
  [true, 'both keys in RAM', 'ramfs', 'disk', 'ramfs'],
  [true, 'no ssh key to decrypt', 'ramfs', 'nowhere', 'nowhere'],
  [false, 'the ssh key not yet decrypted', 'ramfs', 'disk', 'nowhere'],
  [false, 'no key', 'nowhere', 'disk', 'nowhere'],
  [false, 'the LUKS key on a disk', 'disk', 'disk', 'ramfs'],
  [false, 'the ssh key on a disk', 'ramfs', 'disk', 'disk'],
])('%s: %s', async (loaded, _, luks, encrypted, ssh) => {
  const places: Record<string, SecretPlace> = {
    [files.luksKey(paths)]: luks,
    [`${top}/id_rsa.encrypted`]: encrypted,
    [`${paths.ramfs}/id_rsa.decrypted`]: ssh,
  };
  expect(await lookup((file) => places[file] ?? 'nowhere')()).toBe(loaded);
  expect(warnings).toHaveLength(luks === 'disk' || ssh === 'disk' ? 1 : 0);
});

it('warns once of a key on a disk, names it, and says what to do; and again when that happens anew', async () => {
  const isLoaded = lookup();
  await mkdir(paths.ramfs);
  await writeFile(files.luksKey(paths), 'a'.repeat(128));
  expect([await isLoaded(), await isLoaded()]).toEqual([false, false]);
  expect(warnings).toEqual([expect.stringContaining(files.luksKey(paths))]);
  expect(warnings[0]).toContain('extbackup lock');
  await rm(files.luksKey(paths));
  expect(await isLoaded()).toBe(false);
  await writeFile(files.luksKey(paths), 'a'.repeat(128));
  await isLoaded();
  expect(warnings).toHaveLength(2);
});

it('an empty file and a missing one hold no secret', async () => {
  await writeFile(`${top}/empty`, '');
  expect([await placeOf(`${top}/empty`), await placeOf(`${top}/missing`)]).toEqual(['nowhere', 'nowhere']);
});
