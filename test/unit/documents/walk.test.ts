import { expect, it } from 'vitest';
import { typedOn } from '../../documents/commands.ts';
import { documented, leftOut, walk } from '../../documents/walk.ts';

const walked = Object.values(walk).flatMap((chapter) => Object.keys(chapter));

it('every command of the pages for administrators is typed in the long story, or is left out for a reason', () => {
  const listed = [...walked, ...Object.keys(leftOut)];
  expect(new Set(listed).size).toBe(listed.length);
  expect(listed.sort()).toEqual(documented().sort());
});

it('a command is found in a block, in a table, and without the name of the program', () => {
  const page =
    'See `extbackup status`, `resume --json` or `--dry-run`.\n\n```sh\nmail -s a b\n```\n\n```yaml\na: b\n```\n';
  expect(typedOn(page)).toEqual(['mail -s a b', 'extbackup status', 'extbackup resume --json']);
});
