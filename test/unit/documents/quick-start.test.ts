import { expect, it } from 'vitest';
import { readVerbs } from '../../../debian/command-tree.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { quickStart } from '../../quick-start.ts';

it('the README leads from an empty Debian to "safe to unplug" in at most five commands', () => {
  const commands = quickStart();
  expect(commands.length).toBeLessThanOrEqual(5);
  expect(commands.map((command) => command.split(' ').slice(0, 2).join(' '))).toEqual([
    'npm ci',
    'npm run',
    'apt install',
    'extbackup setup',
    'extbackup server-setup',
  ]);
});

it('each command of the quick start exists, with its options', async () => {
  const verbs = await readVerbs();
  for (const command of quickStart().flatMap((line) => line.split(' | '))) {
    const [program, first = '', ...words] = command.split(' ');
    if (program === 'npm' && first === 'run') expect(Object.keys(packageJson.scripts)).toContain(words[0]);
    if (program !== 'extbackup') continue;
    const known = verbs.find(({ name }) => name === first)?.options.map(({ name }) => name);
    expect(known, command).toEqual(expect.arrayContaining(words.filter((word) => word.startsWith('--'))));
  }
});
