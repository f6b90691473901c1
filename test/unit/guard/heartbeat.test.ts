import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import { heldForHeartbeat, judgeHeartbeat } from '../../../src/guard/heartbeat.ts';
import { agreement, holdSchema, mustWait, type Hold } from '../../../src/guard/hold.ts';

const settings = (attestation: object) =>
  configSchema.safeParse({ source: 'a@b', key: { derivation: 'sha512' }, attestation });
const attestation = { id: 'main-backup', file: '.extbackup-heartbeat', maxAge: 9 * 86_400_000 };
const now = new Date('2026-03-10T12:00:00Z');
const judge = (content: string | undefined) => judgeHeartbeat(content, attestation, now).trouble;

describe('a heartbeat', () => {
  it.each([
    ['of today', 'main-backup\n2026-03-10T03:00:00Z\n', undefined],
    ['without a last line end', 'main-backup\n2026-03-10T03:00:00Z', undefined],
    ['as old as it may be', 'main-backup\n2026-03-01T12:00:00Z\n', undefined],
    ['a second too old', 'main-backup\n2026-03-01T11:59:59Z\n', 'stale'],
    ['an hour ahead', 'main-backup\n2026-03-10T13:00:00Z\n', undefined],
    ['more than an hour ahead', 'main-backup\n2026-03-10T13:00:01Z\n', 'ahead'],
    ['with another id', 'other-backup\n2026-03-10T03:00:00Z\n', 'foreign'],
    ['that is not there', undefined, 'missing'],
    ['without a byte', '', 'damaged'],
    ['of a day that never was', 'main-backup\n2026-02-30T03:00:00Z\n', 'damaged'],
    ['with a local time', 'main-backup\n2026-03-10T03:00:00+01:00\n', 'damaged'],
    ['with a third line', 'main-backup\n2026-03-10T03:00:00Z\nx\n', 'damaged'],
    ['with a zero byte', 'main-backup\0\n2026-03-10T03:00:00Z\n', 'damaged'],
    ['with line ends of another system', 'main-backup\r\n2026-03-10T03:00:00Z\r\n', 'damaged'],
  ])('%s', (_what, content, trouble) => {
    expect(judge(content)).toBe(trouble);
  });

  it('is told in words: how long, since when, and which clocks', () => {
    const told = (content: string) => {
      const finding = judgeHeartbeat(content, attestation, now);
      if (finding.trouble === undefined) throw new Error('nothing is wrong with it');
      return heldForHeartbeat('BACKUP_1', 'extbackup@backup', { ...finding, trouble: finding.trouble });
    };
    const stale = told('main-backup\n2026-03-01T03:00:00Z\n');
    expect(stale).toMatchObject({
      code: 'EXB_HELD',
      exitCode: 14,
      facts: { attestation: 'stale', headline: "the server's heartbeat is too old" },
    });
    expect(stale.message).toBe(
      'held: the main backup itself has not run for 9 days: the last heartbeat on extbackup@backup is from 2026-03-01T03:00:00.000Z. Nothing on BACKUP_1 was changed.',
    );
    expect(stale.todo).toContain('extbackup approve BACKUP_1 --reason TEXT');
    expect(told('main-backup\n2026-03-10T17:30:00Z\n').message).toContain(
      '5 hours ahead of the clock of this machine: one of the two clocks is wrong',
    );
    expect(told('main-backup\n2026-03-10T13:01:00Z\n').message).toContain('61 minutes ahead');
    expect(told('\u001b[31mevil-id\n2026-03-10T13:01:00Z\n').message).not.toContain('evil');
  });
});

describe('its settings', () => {
  it.each(['.extbackup-heartbeat', 'office/heartbeat', 'a/b/..c'])('take the file %j', (file) => {
    expect(settings({ id: 'main-backup', file }).success).toBe(true);
  });
  it.each(['', '/etc/passwd', '../x', 'a/../b', 'a/..', './a', 'a//b', 'a/', 'a b', "a'b", 'a*', 'a\nb'])(
    'refuse the file %j',
    (file) => {
      expect(settings({ id: 'main-backup', file }).success).toBe(false);
    },
  );
  it.each(['short', "it's-long-enough", 'two\nlines-of-it', 'x'.repeat(65)])('refuse the id %j', (id) => {
    expect(settings({ id }).success).toBe(false);
  });
});

describe('what was agreed to', () => {
  const approved = { at: '2026-01-03T00:00:00Z', by: 'root', reason: 'I know' };
  const counts = { created: 0, changed: 700, deleted: 0, changedBytes: 9 };
  const hold = (change: Partial<Hold>): Hold =>
    holdSchema.parse({ runId: 'r', at: '2026-01-03T00:00:00Z', reason: 'held', counts, ...change });
  const stale = hold({ attestation: 'stale', approved });

  it('is nothing before an answer', () => {
    expect(agreement(undefined)).toEqual({ attestation: [] });
    expect(agreement(hold({ attestation: 'stale' }))).toEqual({ attestation: [] });
    expect(agreement(hold({}))).toEqual({ attestation: [] });
  });
  it('is the reason of the hold alone', () => {
    expect(agreement(stale)).toEqual({ attestation: ['stale'] });
    expect(agreement(hold({ approved }))).toEqual({ attestation: [], counts });
  });
  it('adds up, so that two reasons do not take turns', () => {
    const tooMuch = hold({ agreed: agreement(stale) });
    expect(agreement(tooMuch)).toEqual({ attestation: ['stale'] });
    const both = agreement({ ...tooMuch, approved });
    expect(both).toEqual({ attestation: ['stale'], counts });
    expect(agreement(hold({ attestation: 'foreign', agreed: both }))).toEqual(both);
    expect(agreement(hold({ attestation: 'foreign', agreed: both, approved }))).toEqual({
      attestation: ['stale', 'foreign'],
      counts,
    });
  });
  it('is waited for only when something was changed', () => {
    expect([hold({}), hold({ approved }), hold({ attestation: 'stale' }), stale, undefined].map(mustWait)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
