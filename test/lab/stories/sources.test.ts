import { beforeAll, expect, it } from 'vitest';
import { assertClosed, driveNow, eventsOf, lookInside, waitForState } from './operator.ts';
import { useStation } from './use-station.ts';

/** Two sources on one disk: two accounts of the server, each with a forced command of its own. */
const lab = useStation('BACKUP_1');

const checksums = (directory: string): string =>
  `cd ${directory} && find . -type f -print0 | sort -z | xargs -0 -r md5sum | md5sum`;
const onServer = (directory: string): Promise<string> => lab.server.ask(checksums(directory));
const onDisk = (): Promise<string> =>
  lookInside(lab, lab.disk, (top) =>
    lab.guest.ask(
      `(${checksums(`${top}/backups/office`)}); (${checksums(`${top}/backups/photos`)}); ls ${top}/backups; stat -c %Y ${top}/LABEL`,
    ),
  );
const extbackup = (...args: readonly string[]) =>
  lab.guest.run(['extbackup', ...args], { okCodes: 'any', timeoutMs: 180_000 });
const sources =
  '\\nsources:\\n  - {name: photos, source: photographer@backup}\\n  - {name: office, source: extbackup@backup}';

beforeAll(async () => {
  await lab.server.shell(
    'mkdir -p /backups/letters; for i in $(seq 50); do echo "letter $i" > /backups/letters/$i.txt; done',
  );
  await lab.guest.shell(`sed -i 's/^source: .*/${sources}/' /etc/extbackup/config.yaml`);
  expect((await extbackup('server-setup')).stderr).toContain('--source NAME, with NAME one of photos, office');
  const { stdout: script } = await lab.guest.run([
    'extbackup',
    'server-setup',
    '--source',
    'photos',
    '--directory',
    '/photos',
  ]);
  await lab.server.run(['sh'], { input: script });
});

it('a source that is not there does not stop the other one, and LABEL stays', async () => {
  await lab.guest.plug(lab.disk);
  const failed = await waitForState(lab, 'BACKUP_1', ['failed', 'safe-to-unplug']);
  expect(failed).toMatchObject({
    state: 'failed',
    lastSuccess: null,
    sources: [
      { name: 'photos', lastSuccess: null, lastError: 'EXB_NO_SOURCE' },
      { name: 'office', lastError: null },
    ],
  });
  expect(failed.message).toMatch(
    /^1 of 2 sources is not complete on BACKUP_1\. photos: The directory .* does not exist .*Complete: office\. .*safe to unplug/,
  );
  await assertClosed(lab);
  expect((await eventsOf(lab, 'source:failed'))[0]).toMatchObject({ source: 'photos', code: 'EXB_NO_SOURCE' });
  expect(await onDisk()).toMatch(new RegExp(`^${await onServer('/backups')}\\n[0-9a-f]{32} +-\\noffice\\nphotos\\n0$`));
});

it('LABEL moves when both are complete, each in its own directory', async () => {
  await lab.server.shell('mkdir /photos; for i in $(seq 20); do head -c 5000 /dev/urandom > /photos/$i.jpg; done');
  const { exitCode, stderr } = await extbackup('run', '--drive', 'BACKUP_1');
  expect(`${String(exitCode)} ${stderr}`).toMatch(/^0 /);
  const [office, photos] = [await onServer('/backups'), await onServer('/photos')];
  const { lastSuccess } = await driveNow(lab, 'BACKUP_1');
  expect(await onDisk()).toBe(
    `${office}\n${photos}\noffice\nphotos\n${String(Math.floor(Date.parse(lastSuccess ?? '') / 1000))}`,
  );
  const run = (JSON.parse((await extbackup('history', '--json')).stdout) as { sources?: unknown }[]).at(-1);
  expect(run?.sources).toMatchObject([
    { name: 'photos', outcome: 'success', filesTransferred: 20 },
    { name: 'office', outcome: 'success', filesTransferred: 0 },
  ]);
});

it('the settings of a single source do not touch what is there of the two', async () => {
  const before = await onDisk();
  await lab.guest.shell(
    `sed -i -e '/^  - {name:/d' -e 's/^sources:/source: extbackup@backup/' /etc/extbackup/config.yaml`,
  );
  const { exitCode, stderr } = await extbackup('run', '--drive', 'BACKUP_1');
  expect(exitCode).toBe(10);
  expect(stderr).toMatch(/holds the sources photos, office.*Nothing on it was changed/);
  expect(await onDisk()).toBe(before);
  await assertClosed(lab);
});
