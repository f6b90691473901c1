import { describe, expect, it } from 'vitest';
import { createBus } from '../../../src/bus/bus.ts';

describe('the bus', () => {
  const told: string[] = [];
  const failures: string[] = [];
  const bus = createBus((name) => {
    failures.push(name);
  });

  it('tells the others when one handler throws and another rejects', async () => {
    bus.on('key:loaded', () => {
      throw new Error('thrown');
    });
    bus.on('key:loaded', () => Promise.reject(new Error('rejected')));
    bus.on('key:loaded', () => {
      told.push('good');
    });
    bus.emit('key:loaded', {});
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual(['good']);
    expect(failures).toEqual(['key:loaded', 'key:loaded']);
  });

  it('forgets only the handler that asked for it', () => {
    const heard: number[] = [];
    const off = bus.on('agent:started', () => {
      heard.push(1);
    });
    bus.on('agent:started', () => {
      heard.push(2);
    });
    off();
    bus.emit('agent:started', { version: '1' });
    expect(heard).toEqual([2]);
  });

  it('tells a listener to everything the name of each event', () => {
    const names: string[] = [];
    bus.onAny((name) => {
      names.push(name);
    });
    bus.emit('key:missing', { drive: 'BACKUP_1' });
    expect(names).toEqual(['key:missing']);
  });
});
