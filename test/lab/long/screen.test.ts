import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { englishWordsIn } from '../../unit/words/english-words.ts';
import { takeOut, waitForState } from '../stories/operator.ts';
import { useStationWith } from '../stories/use-station.ts';

/** The monitor at the station, as a picture: its colours and its words. EXTBACKUP_PICTURES names a directory for the pictures. */
const lab = useStationWith(['-device', 'VGA'], 'BACKUP_1');
let pictures: string;

/** The shares of the screen in the colours that say what to do, and the letters on it. */
async function look(name: string): Promise<{ green: number; red: number; words: string }> {
  const ppm = join(pictures, `${name}.ppm`);
  await lab.guest.control('screendump', { filename: ppm });
  await lab.guest.control('screendump', { filename: join(pictures, `screen-${name}.png`), format: 'png' });
  const { pixels, count } = pixelsOf(await readFile(ppm));
  let [green, red] = [0, 0];
  for (let at = 0; at < pixels.length; at += 3) {
    const [r = 0, g = 0, b = 0] = pixels.subarray(at, at + 3);
    if (g > 120 && r < 90 && b < 90) green += 1;
    if (r > 120 && g < 90 && b < 90) red += 1;
  }
  return { green: green / count, red: red / count, words: await letters() };
}

const letters = (): Promise<string> => lab.guest.ask("tr '\\0' ' ' < /dev/vcs1 | fold -w 80 -s | tr -s ' '");

/** The body of a picture in the form of pnm(5), P6. */
function pixelsOf(picture: Buffer): { pixels: Buffer; count: number } {
  const head = /^P6\s(\d+)\s(\d+)\s255\s/.exec(picture.subarray(0, 40).toString('latin1'));
  if (!head) throw new Error('this is no picture');
  return { pixels: picture.subarray(head[0].length), count: Number(head[1]) * Number(head[2]) };
}

beforeAll(async () => {
  pictures = process.env['EXTBACKUP_PICTURES'] ?? (await mkdtemp(join(tmpdir(), 'extbackup-screen-')));
  await lab.server.shell(
    // Several large files: within the first one of a first copy, nobody knows how much is to come.
    'mkdir -p /backups; for i in 1 2 3 4 5 6; do head -c 10M /dev/urandom > /backups/film-$i; done',
  );
  await lab.guest.shell('systemctl enable --now extbackup-console@tty1');
  await lab.guest.waitFor('the screen', 'grep -q READY /dev/vcs1');
});

it('during a backup a large part is red, with how far it is', async () => {
  await lab.guest.plug(lab.disk);
  await lab.guest.waitFor('the progress', "grep -q '##' /dev/vcs1", 240_000);
  const { green, red, words } = await look('running');
  expect(words).toMatch(/BACKUP_1: DO NOT UNPLUG/);
  expect(words).toMatch(/\d+ %/);
  expect(red).toBeGreaterThan(0.2);
  expect(green).toBe(0);
});

it('afterwards it is green', async () => {
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  await lab.guest.waitFor('the verdict', "grep -q 'BACKUP_1: SAFE TO UNPLUG' /dev/vcs1");
  const { green, red, words } = await look('safe');
  expect(green).toBeGreaterThan(0.2);
  expect(red).toBe(0);
  expect(words).not.toContain('DO NOT UNPLUG');
});

it('while a person has the disk open it is red with the reason, and never says that it is safe', async () => {
  const { guest } = lab;
  // From before the disk is opened until after it is closed, what the screen says, each time that it changes.
  await guest.shell(`cat > /run/watch-screen <<'END'
last=; while :; do
  if grep -q 'SAFE TO UNPLUG' /dev/vcs1; then now=safe; elif grep -q 'DO NOT UNPLUG' /dev/vcs1; then now=unsafe; else now=other; fi
  test -e /dev/mapper/extbackup-BACKUP_1 && now="$now open"
  if [ "$now" != "$last" ]; then echo "$now"; last=$now; fi
  read -rt 0.2 -u 9 || true
done
END
    systemd-run --quiet --unit watch-screen -p StandardOutput=truncate:/run/screen-said bash -c 'exec 9<> <(:); . /run/watch-screen'`);
  await guest.run(['extbackup', 'mount', 'BACKUP_1', '--read-only'], { timeoutMs: 240_000 });
  await guest.waitFor('the warning', "grep -q 'BACKUP_1: DO NOT UNPLUG' /dev/vcs1", 60_000);
  const { green, red, words } = await look('do-not-unplug');
  expect(red).toBeGreaterThan(0.2);
  expect(green).toBe(0);
  expect(words).toMatch(/open \(mount by root/);
  await guest.run(['extbackup', 'umount'], { timeoutMs: 240_000 });
  const said = (await guest.ask('systemctl stop watch-screen; cat /run/screen-said')).split('\n');
  expect(said).toContain('unsafe open');
  // The agent sees the opening within moments; after that the screen does not go back to safe while the disk is open.
  expect(said.slice(said.indexOf('unsafe open'))).not.toContain('safe open');
});

describe('in German', () => {
  const consoleUnit = 'extbackup-console@tty1';
  const restart = (): Promise<unknown> => lab.guest.shell(`systemctl restart ${consoleUnit}`);
  /** Each letter on the screen, whatever the character set of the terminal. */
  const text = (): Promise<string> => lab.guest.ask("iconv -f UTF-32LE -t UTF-8 /dev/vcsu1 | tr -s ' '");

  afterAll(async () => {
    await lab.guest.run(['extbackup', 'config', 'set', 'language', 'en']);
    await lab.guest.shell(`rm -rf /run/systemd/system/${consoleUnit}.service.d; systemctl daemon-reload`);
    await restart();
  });

  beforeAll(async () => {
    await lab.guest.run(['extbackup', 'config', 'set', 'language', 'de']);
    await restart();
    await lab.guest.waitFor('the German screen', 'grep -q Sicherungsstation /dev/vcs1', 60_000);
  });

  it('it is green or red as before, and has no English word', async () => {
    const { guest } = lab;
    const safe = await look('german-safe');
    expect(safe.words).toContain('BACKUP_1: DARF AUSGESTECKT WERDEN');
    expect(safe.green).toBeGreaterThan(0.2);
    expect(safe.red).toBe(0);
    expect(englishWordsIn((await text()).replaceAll('BACKUP_1', ''))).toEqual([]);
    await guest.run(['extbackup', 'mount', 'BACKUP_1', '--read-only'], { timeoutMs: 240_000 });
    await guest.waitFor('the German warning', "grep -q 'BACKUP_1: NICHT AUSSTECKEN' /dev/vcs1", 60_000);
    const open = await look('german-do-not-unplug');
    expect(open.red).toBeGreaterThan(0.2);
    expect(open.green).toBe(0);
    await guest.run(['extbackup', 'umount'], { timeoutMs: 240_000 });
  });

  it('it has umlauts on a terminal with UTF-8, and ae, oe and ue on one without', async () => {
    const { guest } = lab;
    await guest.shell('systemctl stop extbackup');
    await guest.waitFor('the words about the agent', "grep -q 'gesichert' /dev/vcs1", 60_000);
    expect(await text()).toMatch(/LÄUFT NICHT [^]*Das Programm läuft nicht: Keine Platte wird gesichert\./);
    await look('german-stopped');
    await guest.shell(`mkdir -p /run/systemd/system/${consoleUnit}.service.d
      printf '[Service]\\nEnvironment=LC_ALL=C\\n' > /run/systemd/system/${consoleUnit}.service.d/plain.conf
      systemctl daemon-reload`);
    await restart();
    await guest.waitFor('the words without umlauts', "grep -q 'Das Programm laeuft nicht' /dev/vcs1", 60_000);
    expect(await text()).toContain('LAEUFT NICHT');
    await guest.shell('systemctl start extbackup');
  });
});

it('a disk that does not belong here is not met with silence', async () => {
  const { guest } = lab;
  await takeOut(lab, lab.disk);
  const stranger = await lab.newDisk({ name: 'STRANGER', sizeMb: 64 });
  await guest.plug(stranger);
  await guest.waitFor('the word', "grep -q 'DISK NOT USED' /dev/vcs1", 90_000);
  expect((await look('unknown-disk')).words).toContain('A disk without its encrypted volume.');
  await guest.unplug(stranger);
  await guest.waitFor('the word to go', 'grep -q READY /dev/vcs1', 60_000);
});
