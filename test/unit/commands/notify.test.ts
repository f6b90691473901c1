import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { notifyCommand } from '../../../src/commands/notify.ts';
import { noticeChecks } from '../../../src/doctor/notice-checks.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { renderStatus } from '../../../src/client/status-text.ts';
import type { Errand } from '../../../src/notify/courier.ts';
import { noticeSchema } from '../../../src/notify/notice-schema.ts';
import type { StartProgram } from '../../../src/system/command.ts';
import { aStatus } from '../../fakes/a-status.ts';

let top = '';
beforeEach(async () => {
  top = await mkdtemp(`${tmpdir()}/notify-`);
});
afterEach(() => rm(top, { recursive: true }));

const paths = () => ({ config: '', etc: top, state: top, run: top, ramfs: top, plaintext: top });
const config = (...notify: object[]) =>
  configSchema.parse({ source: 'a@b', key: { derivation: 'sha512' }, notify, contact: 'Ann' });
const bell = { type: 'command', command: '/bin/true', name: 'bell' };
const mail = { type: 'mail', to: 'root', from: 'root' };

/** systemd, as far as the courier needs it: each errand is answered by `answer`. Counts the started units. */
function systemd(errands: Errand[], answer: (errand: Errand) => object, onUnit: () => void): StartProgram {
  return async ({ args: [verb, unit = ''] }) => {
    const id = /^extbackup-courier@(.*)\.service$/.exec(unit)?.[1];
    if (verb === 'start' && id !== undefined) {
      onUnit();
      const asked = JSON.parse(await readFile(join(top, 'courier', id, 'request'), 'utf8')) as Errand[];
      errands.push(...asked);
      const lines = asked.map((errand, number) => `${JSON.stringify({ errand: number, ...answer(errand) })}\n`);
      await writeFile(join(top, 'courier', id, 'answer'), lines.reverse().join(''));
    }
    return { exitCode: 0, stdout: '', stderr: '' };
  };
}

async function notify(words: string[], answer: (errand: Errand) => object = () => ({ said: '250 queued' })) {
  const errands: Errand[] = [];
  let out = '';
  let code = 0;
  let units = 0;
  await notifyCommand({
    ...{ paths: paths(), version: '0', start: systemd(errands, answer, () => (units += 1)), note: () => undefined },
    loadConfig: () => Promise.resolve(config(bell, mail)),
    print: (text) => {
      out += text;
    },
    exitWith: (exit) => {
      code = exit;
    },
  }).parseAsync(words, { from: 'user' });
  return { errands, out, code, units };
}
const failsFor = (type: string) => (errand: Errand) =>
  'channel' in errand && errand.channel.type === type ? { failure: 'no route' } : {};

describe.runIf(process.getuid?.() === 0)('notify test', () => {
  test('sends one message to each channel and says what came back', async () => {
    const { errands, out, code, units } = await notify(['test']);
    expect(units).toBe(1); // both at once
    expect(out).toBe('bell: delivered: 250 queued\nmail to root: delivered: 250 queued');
    expect(code).toBe(0);
    for (const errand of errands) expect(noticeSchema.parse('notice' in errand && errand.notice).kind).toBe('test');
  });

  test('ends with another code when one is not delivered; JSON says which', async () => {
    const { out, code } = await notify(['test', '--json'], failsFor('mail'));
    expect(JSON.parse(out)).toEqual([
      { channel: 'bell', type: 'command', delivered: true, said: '' },
      { channel: 'mail to root', type: 'mail', delivered: false, said: 'no route' },
    ]);
    expect(code).toBe(3);
  });

  test.each(['mail', 'mail to root'])('asks only %s when that is named', async (name) => {
    expect((await notify(['test', name])).errands).toHaveLength(1);
  });

  test('names the channels that there are when there is no such one', async () => {
    await expect(notify(['test', 'bel'])).rejects.toMatchObject({ todo: 'There are: bell, mail to root.' });
  });
});

describe('doctor', () => {
  const look = (notify: object[], answer: (errand: Errand) => object = () => ({})) =>
    noticeChecks[0]?.check({
      ...{
        paths: paths(),
        start: systemd([], answer, () => undefined),
        now: new Date(),
        fix: false,
        config: config(...notify),
      },
    });

  test('is content with channels that can be reached, and with none', async () => {
    expect(await look([bell, mail])).toMatchObject({ verdict: 'ok' });
    expect(await look([])).toMatchObject({ verdict: 'ok' });
  });

  test('fails when nobody is told, and warns when one of several is not', async () => {
    expect(await look([mail], failsFor('mail'))).toMatchObject({
      verdict: 'fail',
      happened: 'Nobody is told: mail to root: no route.',
    });
    expect(await look([bell, mail], failsFor('mail'))).toMatchObject({ verdict: 'warn' });
    expect(await look([{ ...bell, command: '/usr/bin/none-such' }])).toMatchObject({ verdict: 'fail' });
  });
});

test('status shows a channel that fails, since when and why, and no other', () => {
  const well = { name: 'bell', undelivered: 0, heldBack: 1, since: null, error: null };
  const failing = {
    name: 'mail to root',
    undelivered: 2,
    heldBack: 0,
    since: '2026-11-28T10:00:00.000Z',
    error: 'no route',
  };
  const text = renderStatus(aStatus({ channels: [well, failing] }), new Date('2026-11-29T12:00:00Z'));
  expect(text).toContain(
    '\nNotices       mail to root: FAILS since 2026-11-28 10:00 UTC; 2 notices undelivered: no route\n',
  );
  expect(text).not.toContain('bell');
});
