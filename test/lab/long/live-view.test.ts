import { stripVTControlCharacters } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { makeSourceTree } from '../source-tree.ts';
import { addSettings, assertClosed, eventsOf, waitForState } from '../stories/operator.ts';
import { atTerminal, giveTerminal } from '../stories/person.ts';
import { useStation } from '../stories/use-station.ts';

/** A person at a terminal watches the first copy of a large file, ends it with Ctrl-C, and lets it go on. */
const lab = useStation('BACKUP_1');

const megabytes = 60;
const run = ['extbackup', 'run', '--drive', 'BACKUP_1'];
const ctrlC = '\u0003';

/** For each phase that had a bar, the percentages of its pictures, in the order in which the terminal showed them. */
function percents(shown: string): Map<string, number[]> {
  const seen = new Map<string, number[]>();
  let phase = '';
  for (const [, name, percent] of stripVTControlCharacters(shown).matchAll(/BACKUP_1: ([a-z ]+)$|[█░]+ (\d+) %/gm))
    if (name !== undefined) phase = name;
    else seen.set(phase, [...(seen.get(phase) ?? []), Number(percent)]);
  return seen;
}

beforeAll(async () => {
  await giveTerminal(lab.guest);
  await makeSourceTree(lab.server, '/backups', { smallFiles: 60 });
  await lab.server.shell(`head -c ${String(megabytes)}M /dev/urandom > /backups/large`);
  await addSettings(lab, 'pull: {bandwidthLimit: 500, compress: never}'); // KiB a second: two minutes, far more than the way of a Ctrl-C
  await lab.guest.shell('extbackup pause --for 2h'); // a person starts the runs of this story
  await lab.guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['idle']);
});

it('Ctrl-C in the middle of a first copy says what stays, closes the disk, and ends with 130', async () => {
  const shown = await atTerminal(
    lab.guest,
    ['sh', '-c', `trap : INT; env TERM=xterm ${run.join(' ')}; echo ended with $?`],
    [' MB of about', ctrlC],
  );
  expect(stripVTControlCharacters(shown)).toMatch(/✓ open {2}▸ copy {2}· check {2}· close/);
  expect(shown).toMatch(/\d MB of about \d+(\.\d)? MB/);
  expect(shown).toContain('Cancelling; waiting until the disk is closed');
  expect(shown).toMatch(/cancelled, safe to unplug[^]*the copied files stay[^]*no complete backup on it yet/);
  expect(shown).toContain('ended with 130');
  expect(shown.split('Cancelling')[1]).not.toMatch(/[█░]/);
  await assertClosed(lab);
});

it('the next run shows a bar that never falls, no false time left, and leaves no bar behind', async () => {
  await lab.guest.run(['extbackup', 'config', 'set', 'pull.bandwidthLimit', '1500']);
  const before = (await eventsOf(lab, 'sync:progress')).length;
  const shown = await atTerminal(lab.guest, ['env', 'TERM=xterm', ...run]);
  const seen = percents(shown);
  // How much of a file of an ended copy is there already is not known: its bytes are told, with a bar only if it is true.
  expect(shown).toMatch(/^\d+(\.\d+)? MB.*, \d+ files?/m);
  expect(new Set([...seen.values()].flat()).size, JSON.stringify([...seen])).toBeGreaterThan(1);
  for (const [phase, ofPhase] of seen) expect([phase, [...ofPhase].sort((a, b) => a - b)]).toEqual([phase, ofPhase]);
  expect(Math.max(...[...seen.values()].flat())).toBeLessThan(100);
  expect(shown).toMatch(/\d kB\/s|\d MB\/s/);
  const end = shown.slice(shown.lastIndexOf('\u001B[J'));
  expect(end).toMatch(/BACKUP_1 is done, safe to unplug/);
  expect(end).not.toMatch(/[█░]/);
  expect(end).toContain('\u001B[?25h'); // the cursor is visible again

  const told = (await eventsOf(lab, 'sync:progress')).slice(before);
  const finished = (await eventsOf(lab, 'sync:finished')).at(-1);
  const endsAt = Date.parse(String(finished?.['time']));
  for (const { time, etaSeconds } of told)
    if (typeof etaSeconds === 'number')
      // Nothing is faster than the limit of the bandwidth, and the emulated machine is slower.
      expect(etaSeconds * 1000).toBeGreaterThan(0.5 * (endsAt - Date.parse(String(time))) - 10_000);
});

it('a later run with a new large file has no time left, and says how long the last one took', async () => {
  await lab.server.shell('head -c 20M /dev/urandom > /backups/new');
  const narrow = `stty cols 40 rows 24; env TERM=xterm NO_COLOR=1 LC_ALL=C ${run.join(' ')}`;
  const shown = await atTerminal(lab.guest, ['sh', '-c', narrow]);
  expect(shown).toContain('[x] open  [>] copy  [ ] check  [ ] close');
  expect(shown).toMatch(/took \d[^]*last/);
  expect(shown).not.toMatch(/ left|\u001B\[\d+m|[^\x00-\x7f]/);
  expect(shown).toContain('safe to unplug');
});

it('a pipe gets lines, a program gets objects, and watching ends with 130', async () => {
  await lab.server.shell('head -c 20M /dev/urandom > /backups/newer');
  const { stdout } = await lab.guest.run(['extbackup', 'run', '--json', '--watch'], { timeoutMs: 240_000 });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; run?: { phase: string }; exitCode?: number });
  expect(lines.at(-1)).toMatchObject({ type: 'result', exitCode: 0 });
  expect(new Set(lines.map(({ run: present }) => present?.phase)).size).toBeGreaterThan(2);

  const { stderr } = await lab.guest.run(['extbackup', 'run'], { timeoutMs: 240_000 });
  expect(stderr).toMatch(/^BACKUP_1: pulling/m);
  expect(stderr).not.toContain('\u001B');

  const watched = await atTerminal(
    lab.guest,
    ['sh', '-c', 'trap : INT; env TERM=xterm extbackup status --watch; echo ended with $?'],
    ['BACKUP_1', ctrlC],
  );
  expect(watched).toMatch(/Offline copy[^]*Paused[^]*Stopped watching. Nothing was changed[^]*ended with 130/);
  const history = await atTerminal(lab.guest, ['sh', '-c', 'stty cols 120; env TERM=xterm extbackup history']);
  expect(history).toMatch(/done +█+[▏▎▍▌▋▊▉]? +\d/);
});
