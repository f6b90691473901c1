import { mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createBus } from '../../../src/bus/bus.ts';
import type { Channel, Notice } from '../../../src/notify/channel.ts';
import { startDispatcher, type Subscription } from '../../../src/notify/dispatcher.ts';
import { createNoticeSpool } from '../../../src/notify/notice-spool.ts';
import { createNoticeMaker } from '../../../src/notify/notices.ts';

const begin = new Date('2026-03-01T10:00:00Z');
let directory: string;
let troubles: unknown[];
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'notices-')), 'outbox');
  troubles = [];
});

const openSpool = () =>
  createNoticeSpool(directory, (error) => {
    troubles.push(error);
  });

/** An agent with this outbox. Nothing ends it in an orderly way: it is left alone, as a killed one is. */
async function startAgent(
  subscriptions: readonly Subscription[],
  timing: { readonly laterAfterMs?: number; readonly giveUpAfterMs?: number } = {},
) {
  const bus = createBus((_name, error) => {
    throw error;
  });
  const spool = openSpool();
  const warnings: Record<string, unknown>[] = [];
  const dispatcher = startDispatcher(
    bus,
    createNoticeMaker('station', () => begin),
    subscriptions,
    {
      warn: (fields) => {
        warnings.push(fields);
      },
    },
    { retryAfterMs: 20, tellWithoutReleaseAfterMs: 1_000, ...timing },
    { spool, leftovers: await spool.leftovers() },
  );
  const goodRun = (): void => {
    bus.emit('run:succeeded', { runId: 'r1', drive: 'BACKUP_1', tookMs: 1, gaps: false, stamped: true });
    bus.emit('drive:safe-to-unplug', { drive: 'BACKUP_1', runId: 'r1' });
  };
  return { goodRun, dispatcher, warnings };
}

function mailbox(name = 'mail'): Channel & { readonly got: Notice[] } {
  const got: Notice[] = [];
  return {
    name,
    got,
    send: (notice) => {
      got.push(notice);
      return Promise.resolve();
    },
  };
}
/** The mail server that never answers. */
const hanging = (name = 'mail'): Channel & { readonly begun: Notice[] } => {
  const begun: Notice[] = [];
  return {
    name,
    begun,
    send: (notice, signal) =>
      new Promise((_resolve, reject) => {
        begun.push(notice);
        signal.addEventListener('abort', () => {
          reject(new Error('ended'));
        });
      }),
  };
};

describe('an agent that dies while it tells', () => {
  test('its successor tells the same, late, and calls no disk safe', async () => {
    const silent = hanging();
    (await startAgent([{ channel: silent }])).goodRun();
    await vi.waitFor(() => {
      expect(silent.begun).toHaveLength(1);
    });

    const mail = mailbox();
    await startAgent([{ channel: mail }]);
    await vi.waitFor(() => {
      expect(mail.got).toHaveLength(1);
    });
    expect(mail.got[0]).toMatchObject({
      id: silent.begun[0]?.id,
      kind: 'success',
      drive: 'BACKUP_1',
      payload: { runId: 'r1' },
      subject: 'BACKUP_1 is done, check before you unplug it',
    });
    expect(mail.got[0]?.text).toContain('This comes late');
    expect(JSON.stringify(mail.got[0])).not.toMatch(/safe to unplug|can take it out/);
    await vi.waitFor(async () => {
      expect(await readdir(directory)).toEqual([]);
    });
  });

  test('a notice is kept before its delivery begins, readable by its owner alone', async () => {
    const modes: number[] = [];
    const channel: Channel = {
      name: 'mail',
      send: async () => {
        const [file = ''] = await readdir(directory);
        modes.push((await stat(directory)).mode & 0o777, (await stat(join(directory, file))).mode & 0o777);
      },
    };
    (await startAgent([{ channel }])).goodRun();
    await vi.waitFor(() => {
      expect(modes).toEqual([0o700, 0o600]);
    });
  });

  test('each channel gets its own, also when two have the same name', async () => {
    const [first, second] = [hanging(), hanging()];
    (await startAgent([{ channel: first, events: ['overdue'] }, { channel: second }])).goodRun();
    await vi.waitFor(() => {
      expect(second.begun).toHaveLength(1);
    });

    const [one, two] = [mailbox(), mailbox()];
    await startAgent([{ channel: one, events: ['overdue'] }, { channel: two }]);
    await vi.waitFor(() => {
      expect(two.got).toHaveLength(1);
    });
    expect(one.got).toEqual([]);
  });

  test('what waits for a channel that a broken configuration hides is told when it is back', async () => {
    const silent = hanging();
    (await startAgent([{ channel: silent }])).goodRun();
    await vi.waitFor(() => {
      expect(silent.begun).toHaveLength(1);
    });

    const { dispatcher } = await startAgent([]);
    const mail = mailbox();
    dispatcher.use([{ channel: mail }]);
    await vi.waitFor(() => {
      expect(mail.got).toHaveLength(1);
    });
  });
});

test('an agent that is stopped leaves what it could not deliver to the next one', async () => {
  const silent = hanging();
  const { goodRun, dispatcher, warnings } = await startAgent([{ channel: silent }]);
  goodRun();
  await vi.waitFor(() => {
    expect(silent.begun).toHaveLength(1);
  });
  await dispatcher.stop(10);
  await vi.waitFor(() => {
    expect(warnings).toHaveLength(1);
  });
  expect(await openSpool().leftovers()).toHaveLength(1);
});

describe('what fails twice', () => {
  /** The line is dead for so many tries. */
  const deadFor = (tries: number): Channel & { readonly got: Notice[]; tries: number } => {
    const mail = {
      ...mailbox(),
      tries: 0,
      send: (notice: Notice) => {
        mail.tries += 1;
        if (mail.tries <= tries) return Promise.reject(new Error('no route'));
        mail.got.push(notice);
        return Promise.resolve();
      },
    };
    return mail;
  };

  test('is told later, warned of once, and after what could be told meanwhile', async () => {
    const mail = deadFor(4);
    const { goodRun, warnings } = await startAgent([{ channel: mail }], { laterAfterMs: 30 });
    goodRun();
    await vi.waitFor(() => {
      expect(mail.got).toHaveLength(1);
    });
    expect(mail.got[0]?.subject).toBe('BACKUP_1 is done, check before you unplug it');
    expect(mail.got[0]?.text.match(/This comes late/g)).toHaveLength(1);
    expect(warnings).toHaveLength(1);
    await vi.waitFor(async () => {
      expect(await readdir(directory)).toEqual([]);
    });
  });

  test('is kept for the next agent meanwhile', async () => {
    const { goodRun, warnings } = await startAgent([{ channel: deadFor(9) }]);
    goodRun();
    await vi.waitFor(() => {
      expect(warnings).toHaveLength(1);
    });
    const mail = mailbox();
    await startAgent([{ channel: mail }]);
    await vi.waitFor(() => {
      expect(mail.got).toHaveLength(1);
    });
  });

  test('is given up one day', async () => {
    const mail = deadFor(99);
    const { goodRun, warnings } = await startAgent([{ channel: mail }], { laterAfterMs: 20, giveUpAfterMs: 1_500 });
    goodRun();
    await vi.waitFor(() => {
      expect(warnings).toHaveLength(2);
    }, 10_000);
    await vi.waitFor(async () => {
      expect(await readdir(directory)).toEqual([]);
    });
    const { tries } = mail;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(mail.tries).toBe(tries);
  });
});

test('a place that cannot be written to stops no notice', async () => {
  await writeFile(directory, ''); // a file where the directory should be
  const mail = mailbox();
  (await startAgent([{ channel: mail }])).goodRun();
  await vi.waitFor(() => {
    expect(mail.got).toHaveLength(1);
  });
  expect(troubles.length).toBeGreaterThan(0);
});

describe('what a former agent left', () => {
  const aNotice = (number: number, at = begin): Notice => ({
    version: 1,
    id: `n${String(number)}`,
    kind: 'warning',
    priority: 'normal',
    at: at.toISOString(),
    station: 'station',
    language: 'en',
    subject: String(number),
    text: '',
    event: 'warning:raised',
    payload: { about: 'station', reason: '', todo: '' },
  });

  test('is read in order; torn and foreign files are removed', async () => {
    const spool = openSpool();
    for (const number of [1, 2, 3]) await spool.keep('mail (0)', aNotice(number));
    const [first = ''] = (await readdir(directory)).sort();
    await writeFile(join(directory, first), (await readFile(join(directory, first), 'utf8')).slice(0, 40));
    await writeFile(join(directory, 'large.json'), 'x'.repeat(100_000));
    expect((await openSpool().leftovers()).map(({ channel, notice }) => `${channel} ${notice.id}`)).toEqual([
      'mail (0) n2',
      'mail (0) n3',
    ]);
    expect(await readdir(directory)).toHaveLength(2);
  });

  test('is bounded: of equally urgent ones, the oldest are removed', async () => {
    await openSpool().keep('mail (0)', aNotice(0));
    const [kept = ''] = await readdir(directory);
    const content = await readFile(join(directory, kept), 'utf8');
    for (let number = 1; number < 210; number += 1) {
      await writeFile(
        join(directory, kept.replace(/-.*/, `-1${String(number).padStart(5, '0')}-x.json`)),
        content.replace('"n0"', `"n${String(number)}"`),
      );
    }
    const left = await openSpool().leftovers();
    expect(left).toHaveLength(200);
    expect(left[0]?.notice.id).toBe('n10');
  });

  test('an old DO NOT UNPLUG is not what is removed', async () => {
    await openSpool().keep('mail (0)', { ...aNotice(0), kind: 'failure', priority: 'urgent' });
    for (let number = 1; number < 210; number += 1) await openSpool().keep('mail (0)', aNotice(number));
    const left = await openSpool().leftovers();
    expect(left).toHaveLength(200);
    expect(left.some(({ notice }) => notice.id === 'n0')).toBe(true);
  });

  test.each([
    ['a weekend', 3 * 24 * 3_600_000],
    ['ten years, by a clock that jumps', 10 * 365 * 24 * 3_600_000],
  ])('a DO NOT UNPLUG that was not told for %s is told late', async (_name, laterMs) => {
    vi.useFakeTimers({ toFake: ['Date'], now: begin });
    try {
      await openSpool().keep('mail (0)', {
        ...aNotice(1),
        kind: 'failure',
        priority: 'urgent',
        subject: 'BACKUP_1 failed, DO NOT UNPLUG',
      });
      vi.setSystemTime(begin.getTime() + laterMs);
      const mail = mailbox();
      await startAgent([{ channel: mail }]);
      await vi.waitFor(() => {
        expect(mail.got).toHaveLength(1);
      });
      expect(mail.got[0]?.subject).toBe('BACKUP_1 failed, DO NOT UNPLUG');
      expect(mail.got[0]?.text).toMatch(
        /^This comes late: it could not be delivered on \w+ \d+ \w+ \d{4}, \d\d:\d\d \(.+\)\./,
      );
    } finally {
      vi.useRealTimers();
    }
  });
});
