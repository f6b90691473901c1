import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

it('each picture of the README is there, has words for those who do not see it, and is small', () => {
  const pictures = [...readme.matchAll(/!\[([^\]]*)\]\(([^)]+)\)/g)];
  expect(pictures.length).toBeGreaterThan(0);
  for (const [, words = '', file = ''] of pictures) {
    expect(words.length, file).toBeGreaterThan(20);
    const content = readFileSync(join(root, file));
    expect(content.subarray(1, 4).toString(), file).toBe('PNG');
    expect(content.length, file).toBeLessThan(80_000);
  }
});
