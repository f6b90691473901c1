import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { maintainer, packageName } from './control.ts';
import { root } from './root.ts';

/** One version of CHANGELOG.md. */
export interface Release {
  readonly version: string;
  /** Midnight UTC of the day in the heading. */
  readonly date: Date;
  readonly changes: readonly string[];
}

/** The versions in CHANGELOG.md, newest first: `## VERSION (YYYY-MM-DD)`, then a list. */
export async function readReleases(tree = root): Promise<Release[]> {
  const text = await readFile(join(tree, 'CHANGELOG.md'), 'utf8');
  return text
    .split(/^## /m)
    .slice(1)
    .map((part) => {
      const heading = /^(\S+) \((\d{4}-\d\d-\d\d)\)\n/.exec(part);
      if (heading?.[1] === undefined || heading[2] === undefined)
        throw new Error(`CHANGELOG.md: a heading is not "## VERSION (YYYY-MM-DD)": ${part.split('\n')[0] ?? ''}`);
      const changes = part
        .slice(heading[0].length)
        .split(/^- /m)
        .slice(1)
        .map((change) => change.trim().replace(/\s*\n\s*/g, ' '));
      return { version: heading[1], date: new Date(`${heading[2]}T00:00:00Z`), changes };
    });
}

/** The versions in the format of deb-changelog(5). */
export function debianChangelog(releases: readonly Release[]): string {
  return releases
    .map(({ version, date, changes }) =>
      [
        `${packageName} (${version}) stable; urgency=medium`,
        '',
        ...changes.map((change) => wrap(change)),
        '',
        ` -- ${maintainer}  ${date.toUTCString().replace('GMT', '+0000')}`,
        '',
      ].join('\n'),
    )
    .join('\n');
}

/** One list entry, at most 76 columns wide. */
function wrap(change: string): string {
  const lines = [''];
  for (const word of change.split(' ')) {
    const line = lines[lines.length - 1] ?? '';
    if (line.length + word.length > 70) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line, index) => `${index === 0 ? '  * ' : '    '}${line}`).join('\n');
}
