import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CliContext } from '../../../src/terminal/cli-context.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { fingerprintOf, pinnedHostKeys } from '../../../src/keys/host-key.ts';
import { settleHostKeys } from '../../../src/setup/settle-host-key.ts';
import type { StartProgram } from '../../../src/system/command.ts';

const keys: Readonly<Record<string, string>> = {
  one: 'AAAAC3NzaC1lZDI1NTE5AAAAIG9uZQ==',
  two: 'AAAAC3NzaC1lZDI1NTE5AAAAIHR3bw==',
};
const [ofOne, ofTwo] = [fingerprintOf(keys['one'] ?? ''), fingerprintOf(keys['two'] ?? '')];

describe('the host keys of several servers', () => {
  let directory: string;
  let silent: string[];
  let asked: string[];
  beforeEach(async () => {
    directory = await mkdtemp(`${tmpdir()}/host-keys-`);
    silent = [];
    notes = [];
    shows = keys;
    asked = [];
  });
  afterEach(() => rm(directory, { recursive: true }));

  const scan: StartProgram = ({ args }) => {
    const host = args.at(-1) ?? '';
    asked.push(host);
    return Promise.resolve({
      exitCode: 0,
      stdout: silent.includes(host) ? '' : `${host} ssh-ed25519 ${shows[host] ?? ''}\n`,
      stderr: '',
    });
  };
  let shows: Readonly<Record<string, string>>;
  let notes: string[];
  const settle = (trust: Parameters<typeof settleHostKeys>[2]['trust'], replaceHostKey = false): Promise<boolean> => {
    const config = configSchema.parse({
      key: { derivation: 'sha512' },
      ssh: { knownHosts: `${directory}/known_hosts` },
      sources: [
        { name: 'a', source: 'u@one' },
        { name: 'b', source: 'v@one:b' },
        { name: 'c', source: 'u@two' },
      ],
    });
    return settleHostKeys({ start: scan, note: (line: string) => notes.push(line) } as unknown as CliContext, config, {
      trust,
      ask: false,
      replaceHostKey,
    });
  };
  const pinned = async (host: string): Promise<string[]> =>
    (await pinnedHostKeys(`${directory}/known_hosts`, { host, port: 22 })).map(({ fingerprint }) => fingerprint);

  it('are pinned each, and each server is asked once', async () => {
    expect(await settle('all')).toBe(true);
    expect(asked).toEqual(['one', 'two']);
    expect([await pinned('one'), await pinned('two')]).toEqual([[ofOne], [ofTwo]]);
  });

  it('are pinned by a fingerprint where it belongs; all are settled when each has one', async () => {
    expect(await settle({ fingerprint: ofTwo })).toBe(false);
    expect([await pinned('one'), await pinned('two')]).toEqual([[], [ofTwo]]);
    expect(await settle({ fingerprint: ofOne })).toBe(true);
    expect([await pinned('one'), await pinned('two')]).toEqual([[ofOne], [ofTwo]]);
  });

  it('are not settled with a fingerprint that no server shows', async () => {
    await expect(settle({ fingerprint: `SHA256:${'A'.repeat(43)}` })).rejects.toMatchObject({ code: 'EXB_HOST_KEY' });
  });

  it('stay pinned of a server that does not answer', async () => {
    await settle('all');
    silent = ['one'];
    expect(await settle('all')).toBe(true);
    expect(await pinned('one')).toEqual([ofOne]);
  });

  it('do not take the place of pinned ones without a word and a flag', async () => {
    await settle('all');
    shows = { ...keys, one: keys['two'] ?? '' };
    notes = [];
    expect(await settle('all')).toBe(true); // the other server is settled
    expect([await pinned('one'), await pinned('two')]).toEqual([[ofOne], [ofTwo]]);
    expect(notes[0]).toContain(`${ofOne} pinned\n  ${ofTwo} now`);
    shows = { one: keys['two'] ?? '', two: keys['one'] ?? '' };
    await expect(settle('all')).rejects.toMatchObject({ code: 'EXB_HOST_KEY', exitCode: 13 });
    expect([await pinned('one'), await pinned('two')]).toEqual([[ofOne], [ofTwo]]);
    expect(await settle('all', true)).toBe(true);
    expect([await pinned('one'), await pinned('two')]).toEqual([[ofTwo], [ofOne]]);
  });
});
