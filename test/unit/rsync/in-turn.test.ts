import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import { createTurns, type Reached } from '../../../src/rsync/in-turn.ts';
import { LinkError } from '../../../src/rsync/link-error.ts';
import { sshCommand, sshConfig } from '../../../src/rsync/ssh.ts';
import type { PullTrouble } from '../../../src/rsync/verdict.ts';
import { wayTo } from '../../../src/rsync/way.ts';

const { ssh } = configSchema.parse({ source: 'a@b', key: { derivation: 'sha512' } });
const [near, far] = [
  { host: '192.168.1.10', port: 22 },
  { host: 'fe80::1%eth0', port: 2222 },
];
const place = { source: 'extbackup@[2001:db8::1]:photos', port: 2200, ssh, addresses: [near, far] };
const never = new AbortController().signal;

/** Connections that fail so, by host. */
const linksWith = (failing: Record<string, PullTrouble>) => {
  const troubles = new Map(Object.entries(failing));
  const asked: string[] = [];
  const connect = (at: { host: string } | undefined, reached: Reached | undefined): Promise<Reached | undefined> => {
    const host = at?.host ?? 'the only one';
    asked.push(host);
    const trouble = troubles.get(host);
    return trouble === undefined ? Promise.resolve(reached) : Promise.reject(new LinkError(trouble, `${host} `));
  };
  return { asked, connect, troubles };
};

describe('the addresses of a server', () => {
  it('are tried in turn until one answers', async () => {
    const { asked, connect } = linksWith({ [near.host]: 'network' });
    expect(await createTurns().take(place, never, connect)).toEqual({
      address: '[fe80::1%eth0]:2222',
      silent: ['192.168.1.10'],
    });
    expect(asked).toEqual([near.host, far.host]);
  });

  it.each(['host-key', 'login', 'no-link', 'account-expired'] as const)(
    'are not tried any further after %s, and the error names the one',
    async (trouble) => {
      const { asked, connect } = linksWith({ [near.host]: trouble });
      await expect(createTurns().take(place, never, connect)).rejects.toMatchObject({ trouble, at: '192.168.1.10' });
      expect(asked).toEqual([near.host]);
    },
  );

  it('are all named when none answers', async () => {
    const { connect } = linksWith({ [near.host]: 'network', [far.host]: 'network' });
    await expect(createTurns().take(place, never, connect)).rejects.toMatchObject({
      trouble: 'network',
      at: '192.168.1.10, [fe80::1%eth0]:2222',
      log: `${near.host} ${far.host} `,
    });
  });

  it('come last for the rest of the run after they did not answer', async () => {
    const { asked, connect, troubles } = linksWith({ [near.host]: 'network' });
    const turns = createTurns();
    await turns.take(place, never, connect);
    troubles.clear();
    asked.length = 0;
    expect(await turns.take(place, never, connect)).toMatchObject({ silent: [] });
    expect(asked).toEqual([far.host]);
    troubles.set(far.host, 'network');
    expect(await turns.take(place, never, connect)).toMatchObject({ address: '192.168.1.10' });
  });

  it('are left alone after an error of the work, and after a cancellation', async () => {
    const broken = createTurns().take(place, never, () => Promise.reject(new Error('the work')));
    await expect(broken).rejects.toThrow('the work');
    const { asked, connect } = linksWith({ [near.host]: 'network' });
    await expect(createTurns().take(place, AbortSignal.abort(), connect)).rejects.toMatchObject({ at: '192.168.1.10' });
    expect(asked).toEqual([near.host]);
  });

  it('are not looked for where there is only the host of the source', async () => {
    const { asked, connect } = linksWith({});
    expect(await createTurns().take({ ...place, addresses: undefined }, never, connect)).toBeUndefined();
    expect(asked).toEqual(['the only one']);
  });
});

describe('ssh to one of the addresses', () => {
  it('looks up the host key under the name of the server', () => {
    const lines = sshConfig(place, '/credentials', far)
      .split('\n')
      .map((line) => line.trim());
    expect(lines.find((line) => line.startsWith('HostName='))).toBe('HostName=fe80::1%%eth0');
    expect(lines).toEqual(expect.arrayContaining(['HostKeyAlias=[2001:db8::1]:2200', 'Port=2222', 'User=extbackup']));
    expect(sshCommand(place, '/key', far).join(' ')).toMatch(
      / -p 2222 -i \/key -o HostName=fe80::1%%eth0 -o HostKeyAlias=\[2001:db8::1\]:2200 -o BatchMode=yes /,
    );
  });

  it('is told nothing of it where the host of the source is the only address', () => {
    expect(sshConfig(place, '/credentials')).not.toContain('HostKeyAlias');
    expect(sshCommand(place, '/key').join(' ')).not.toMatch(/HostName|HostKeyAlias/);
  });
});

describe('a command', () => {
  const greets = (...hosts: string[]) => {
    const asked: string[] = [];
    return {
      asked,
      greet: ({ host }: { host: string }) => {
        asked.push(host);
        return Promise.resolve(hosts.includes(host) ? 'ssh' : 'silent');
      },
    };
  };

  it('takes the first address at which ssh greets, and names it', async () => {
    const way = await wayTo(place, ssh, '/key', greets(far.host).greet);
    expect(way.rsh).toContain('HostName=fe80::1%%eth0');
    expect(way.server).toBe('extbackup@[2001:db8::1] ([fe80::1%eth0]:2222)');
  });

  it('names all addresses when none greets', async () => {
    const way = await wayTo(place, ssh, '/key', greets().greet);
    expect(way.rsh).toContain('HostName=192.168.1.10');
    expect(way.server).toBe('extbackup@[2001:db8::1] (192.168.1.10, [fe80::1%eth0]:2222)');
  });

  it('asks nobody where there is one address', async () => {
    const { asked, greet } = greets();
    const way = await wayTo({ source: place.source, port: 22 }, ssh, '/key', greet);
    expect([asked, way.server]).toEqual([[], 'extbackup@[2001:db8::1]']);
  });
});
