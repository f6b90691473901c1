import { afterEach, expect, it, vi } from 'vitest';
import { protectMemory } from '../../../src/keys/process-hygiene.ts';
import { requireRoot } from '../../../src/system/require-root.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

it('says who may, and what to do', () => {
  vi.spyOn(process, 'getuid').mockReturnValue(1000);
  expect(() => {
    requireRoot('touch the keys');
  }).toThrow(expect.objectContaining({ message: 'Only root may touch the keys.', exitCode: 2 }) as Error);
  vi.spyOn(process, 'getuid').mockReturnValue(0);
  expect(() => {
    requireRoot('touch the keys');
  }).not.toThrow();
});

it('comes before the first program that only root can start', async () => {
  vi.spyOn(process, 'getuid').mockReturnValue(1000);
  const run = vi.fn();
  await expect(protectMemory(run)).rejects.toThrow('Only root may touch the keys.');
  expect(run).not.toHaveBeenCalled();
});
