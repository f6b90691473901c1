import { describe, expect, it } from 'vitest';
import { createBus } from '../../../src/bus/bus.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { backUp } from '../../../src/pipeline/back-up.ts';
import { createStory } from '../../../src/pipeline/story.ts';
import { machineWithDisk, record } from '../../fakes/enrolled-disk.ts';
import { jobSettings } from '../../fakes/job-settings.ts';

const runWith = async (settings: string, trouble?: string) => {
  const machine = machineWithDisk();
  machine.wakeTrouble = trouble;
  const warnings: string[] = [];
  const bus = createBus(() => undefined);
  bus.on('run:warned', ({ reason }) => {
    warnings.push(reason);
  });
  const config = parseConfig(`key: {derivation: sha512}\nsource: a@b\n${settings}`, 'file');
  const story = createStory(bus, 'r', 'BACKUP_1', () => undefined);
  await backUp({ record, device: '/dev/sda1', ...jobSettings(config) }, machine, story, new AbortController().signal);
  return { woken: machine.calls.filter((call) => call.startsWith('wakeServer')), warnings, calls: machine.calls };
};

describe('a server that sleeps', () => {
  it('is woken once, before it is asked for anything', async () => {
    const { woken, warnings, calls } = await runWith('wake: 00:11:22:aa:bb:cc');
    expect([woken, warnings]).toEqual([['wakeServer 00:11:22:aa:bb:cc'], []]);
    expect(calls.indexOf('wakeServer 00:11:22:aa:bb:cc')).toBeLessThan(
      calls.findIndex((call) => call.startsWith('pull')),
    );
  });

  it('that could not be woken is pulled from all the same, with a warning', async () => {
    const { warnings, calls } = await runWith('wake: 00:11:22:aa:bb:cc', 'this machine is in no network');
    expect(warnings).toEqual(['The server could not be woken (setting wake): this machine is in no network.']);
    expect(calls.some((call) => call.startsWith('pull'))).toBe(true);
  });

  it('that has no such setting is left alone', async () => {
    expect((await runWith('')).woken).toEqual([]);
  });

  it.each(['00:11:22:aa:bb', '00:11:22:aa:bb:cg', '001122aabbcc', '00:11-22:aa:bb:cc'])(
    '%s is no hardware address',
    (mac) => {
      expect(() => parseConfig(`key: {derivation: sha512}\nsource: a@b\nwake: "${mac}"`, 'file')).toThrow(
        /wake: must be a hardware address/,
      );
    },
  );
});
