import { beforeEach, describe, expect, it } from 'vitest';
import { createBus } from '../../../src/bus/bus.ts';
import { jobSettings } from '../../fakes/job-settings.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { driveRecordSchema } from '../../../src/records/drive-record.ts';
import { layoutPath, settleLayout } from '../../../src/pipeline/layout.ts';
import type { MirrorEntry } from '../../../src/pipeline/machine.ts';
import { createStory } from '../../../src/pipeline/story.ts';
import { FakeMachine } from '../../fakes/fake-machine.ts';

const record = driveRecordSchema.parse({
  label: 'BACKUP_1',
  luksUuid: 'uuid-1',
  sealedId: '3f0c5a52-52c1-4a53-9a57-0c0d6f7d9d11',
  generation: 4,
  enrolledAt: '2026-01-01T00:00:00Z',
});
const source = (name: string, at = `extbackup@backup:${name}`) => ({ name, source: at });
const filled = (...names: string[]): MirrorEntry[] => names.map((name) => ({ name, kind: 'directory' }));
const marker = (...sources: object[]): string => `${JSON.stringify({ version: 1, sources })}\n`;

describe('the mirror of a disk', () => {
  let machine: FakeMachine;
  let warnings: string[];
  beforeEach(() => {
    machine = new FakeMachine();
    warnings = [];
  });
  const settle = (settings: object) => {
    const bus = createBus(() => undefined);
    bus.on('run:warned', ({ reason, todo }) => {
      warnings.push(`${reason} ${todo}`);
    });
    const config = configSchema.parse({ key: { derivation: 'sha512' }, ...settings });
    return settleLayout(
      { record, device: '', ...jobSettings(config) },
      machine,
      createStory(bus, 'r', 'BACKUP_1', () => undefined),
    );
  };

  it('of a single source stays without a mark, whatever is in it', async () => {
    machine.mirror = [...filled('a', 'b'), { name: 'file', kind: 'other' }];
    await settle({ source: 'extbackup@backup' });
    expect(machine.calls).toEqual([]);
  });

  it('that is new is marked with the names of the sources before anything is pulled', async () => {
    expect((await settle({ sources: [source('a'), source('b')] })).filled.size).toBe(0);
    expect(machine.inside.get(layoutPath)).toBe(marker(source('a'), source('b')));
  });

  it('with several sources never takes a single one', async () => {
    machine.inside.set(layoutPath, marker(source('a'), source('b')));
    await expect(settle({ source: 'extbackup@backup' })).rejects.toMatchObject({
      code: 'EXB_LAYOUT',
      exitCode: 10,
      message: expect.stringMatching(/the sources a, b.*Nothing on it was changed/) as string,
    });
    machine.inside.set(layoutPath, 'damaged');
    await expect(settle({ source: 'extbackup@backup' })).rejects.toMatchObject({ code: 'EXB_LAYOUT' });
  });

  it.each([
    ['a file', [{ name: 'letter', kind: 'other' }]],
    ['another directory', [...filled('a'), { name: 'projects', kind: 'directory' }]],
    ['a file with the name of a source', [{ name: 'a', kind: 'other' }]],
  ] as const)('of a single source, with %s, never takes several, and says what to do', async (_what, mirror) => {
    machine.mirror = [...mirror];
    await expect(settle({ sources: [source('a')] })).rejects.toMatchObject({
      code: 'EXB_LAYOUT',
      todo: expect.stringContaining('mv NAME backups/') as string,
    });
    expect(machine.calls).toEqual([]);
  });

  it('whose content was moved by hand to where a source belongs goes on, and is known to be filled', async () => {
    machine.mirror = filled('a');
    expect([...(await settle({ sources: [source('a'), source('b')] })).filled]).toEqual(['a']);
    expect(machine.inside.get(layoutPath)).toBe(marker(source('a'), source('b')));
  });

  it('takes one more source without a question', async () => {
    machine.inside.set(layoutPath, marker(source('a')));
    machine.mirror = filled('a');
    await settle({ sources: [source('a'), source('b')] });
    expect(machine.inside.get(layoutPath)).toBe(marker(source('a'), source('b')));
    expect(warnings).toEqual([]);
  });

  it('keeps what belongs to a source that is gone from the settings, tells so, and remembers it', async () => {
    machine.inside.set(layoutPath, marker(source('a'), source('b')));
    machine.mirror = filled('a', 'b');
    await settle({ sources: [source('a')] });
    await settle({ sources: [source('a')] });
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(/still holds the copy of b.*kept.*rm -r \/mnt\/plaintext\/backups\/b/);
    machine.mirror = filled('a');
    await settle({ sources: [source('a')] });
    expect(warnings).toHaveLength(2);
    expect(machine.inside.get(layoutPath)).toBe(marker(source('a')));
  });

  it('of a source with a new name is not copied again: it is refused until one of the two names is put right', async () => {
    machine.inside.set(layoutPath, marker(source('a'), source('b')));
    machine.mirror = filled('a', 'b');
    const renamed = { sources: [source('a'), source('c', 'extbackup@backup:b')] };
    await expect(settle(renamed)).rejects.toMatchObject({
      code: 'EXB_LAYOUT',
      todo: expect.stringContaining('mv /mnt/plaintext/backups/b /mnt/plaintext/backups/c') as string,
    });
    machine.mirror = filled('a', 'c');
    await settle(renamed);
    expect(machine.inside.get(layoutPath)).toBe(marker(source('a'), source('c', 'extbackup@backup:b')));
  });

  it('is written to only when the mark changes', async () => {
    machine.inside.set(layoutPath, marker(source('a')));
    await settle({ sources: [source('a')] });
    expect(machine.calls).toEqual([]);
  });
});
