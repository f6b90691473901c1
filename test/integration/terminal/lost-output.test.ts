import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';

/** The help of one command, because the program loads all for its own. */
const args = [join(inject('prepared').program, 'cli.js'), 'lock', '--help'];

describe('what the program prints', () => {
  it('is lost where standard output is full, and the exit code says so', () => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' });
    closeSync(full);
    expect(stderr).toBe(
      'The output could not be written: no space left on device.\nEverything else was done. Make room at the target of standard output.\n',
    );
    expect(status).toBe(2);
  });

  it.each([
    ['what it says', '--help', '| true', 0],
    ['what is wrong', '--nonsense', '2>&1 >/dev/null | true', 2],
    ['what is wrong, on a full disk,', '--nonsense', '2>/dev/full', 2],
  ])('%s may be read by nobody', (_kind, word, where, code) => {
    const script = `"$@" ${where}; exit "\${PIPESTATUS[0]}"`;
    const { status, stderr } = spawnSync(
      '/bin/bash',
      ['-c', script, 'bash', process.execPath, ...args.slice(0, -1), word],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    expect(status).toBe(code);
  });
});
