import { expect, it, vi } from 'vitest';
import { main } from '../../../src/cli.ts';

it.each(['two words', 'x'.repeat(100), '../up', 'line\nbreak'])(
  'refuses the label %j before anything is written into the disk',
  async (label) => {
    let err = '';
    const written = vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true));
    try {
      expect(await main(['drive', 'adopt', '/dev/none', '--label', label])).toBe(2);
    } finally {
      written.mockRestore();
    }
    expect(err).toMatch(/^".*" cannot be the label of a disk\.\nUse 1 to 16 letters/);
  },
);
