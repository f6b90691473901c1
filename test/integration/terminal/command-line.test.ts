import { describe, expect, it } from 'vitest';
import { inSandbox } from '../keys/sandbox.ts';

const part = (text: string, name: string): string =>
  new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(text)?.[1]?.trim() ?? `no ${name}`;

describe('the command line', () => {
  it('shows the help of the very command, by help and after a wrong option', () => {
    const { stdout } =
      inSandbox(`echo "<help>$(extbackup help drive prepare)</help><same>$(extbackup drive prepare --help)</same>"
      wrong=$(extbackup drive list --no-such-option 2>&1); echo "<wrong>$? $wrong</wrong>"
      echo "<all>$(extbackup help)</all>"`);
    expect(part(stdout, 'help')).toBe(part(stdout, 'same'));
    expect(part(stdout, 'help')).toMatch(/^Usage: extbackup drive prepare /);
    expect(part(stdout, 'wrong')).toMatch(
      /^2 unknown option '--no-such-option'\nSee: extbackup drive list --help\n\nUsage: extbackup drive list /,
    );
    const all = part(stdout, 'all');
    expect(all.match(/^[A-Z][a-z ]+:$/gm)).toEqual([
      'Options:',
      'Set up:',
      'Every day:',
      'Bad day:',
      'Disks:',
      'Commands:',
    ]);
    expect(all).not.toMatch(/^ {2}(?:agent|courier)\b/m);
  });

  it('has no help for a command that does not exist, and prints the help once where a word is missing', () => {
    const { stdout } = inSandbox(`said() { out=$(extbackup "$@" 2>&1); echo "<$name>$? $out</$name>"; }
      name=typo said help drvie; name=below said help drive prepre; name=leaf said help status now
      name=twice said help help; name=other said --config help help key chnage; name=group said drive`);
    expect(part(stdout, 'typo')).toMatch(/^2 unknown command 'drvie'\n\(Did you mean drive\?\)\n/);
    expect(part(stdout, 'below')).toMatch(/^2 unknown command 'prepre'\n\(Did you mean prepare\?\)\n/);
    expect(part(stdout, 'leaf')).toMatch(/^0 Usage: extbackup status /);
    expect(part(stdout, 'twice')).toMatch(/^0 Usage: extbackup /);
    expect(part(stdout, 'other')).toMatch(/^2 unknown command 'chnage'\n/);
    expect(part(stdout, 'group')).toMatch(/^2 Usage: extbackup drive /);
    expect(part(stdout, 'group').match(/^(?:2 )?Usage:/gm)).toHaveLength(1);
  });

  it('says first that the station is not set up, and whether a disk would be backed up by the exit code', () => {
    const { stdout } =
      inSandbox(`echo "<new>$(extbackup status)</new>"; extbackup status --check >/dev/null; echo "<code>$?</code>"
      ready_station 'correct horse'; echo "<ready>$(extbackup status)</ready>"; extbackup status --check >/dev/null; echo "<stopped>$?</stopped>"`);
    expect(part(stdout, 'new')).toMatch(/^This station is not set up yet. Begin with: extbackup setup\n/);
    expect(part(stdout, 'ready')).not.toContain('not set up');
    expect([part(stdout, 'code'), part(stdout, 'stopped')]).toEqual(['2', '2']);
  });

  it('says it first in a display that goes on, too, and takes no --check there', () => {
    const { stdout } = inSandbox(`mkdir -p /run/extbackup
      "$NODE" "$PROGRAM/cli.js" status --watch >"$room/shown" 2>/dev/null & watching=$!
      for _ in $(seq 100); do grep -q Agent "$room/shown" && break; sleep 0.1; done; kill $watching; wait $watching
      echo "<shown>$(cat "$room/shown")</shown>"
      both=$(extbackup status --watch --check 2>&1); echo "<both>$? $both</both>"`);
    expect(part(stdout, 'shown')).toMatch(/^This station is not set up yet. Begin with: extbackup setup\n/);
    expect(part(stdout, 'both')).toMatch(/^2 --check looks once/);
  });
});
