import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The commands of the quick start in README.md, in their order, without remarks; `a && b` are two. */
export function quickStart(): string[] {
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
  const [, block] = /^## Quick start\n[^]*?^```sh\n([^]*?)^```$/m.exec(readme) ?? [];
  if (block === undefined) throw new Error('README.md has no quick start with commands.');
  return block
    .split('\n')
    .map((line) => line.replace(/ +#.*/, ''))
    .flatMap((line) => line.split(/&&|;/))
    .map((command) => command.trim())
    .filter((command) => command !== '');
}
