/** `npm run demo`: shows the main job live, on a real kernel, with the built package. */
import { openLab, type Lab } from './lab.ts';
import { differences, makeSourceTree, manifestOf } from './source-tree.ts';
import { builtPackage, installPackage, password } from './station.ts';

const begin = performance.now();
const say = (text: string): void => {
  console.log(`\n\u001B[1m[${((performance.now() - begin) / 1000).toFixed(0).padStart(3)} s] ${text}\u001B[0m`);
};
const show = (text: string): void => {
  console.log(text.trimEnd().replace(/^/gm, '        '));
};

interface Told extends Record<string, unknown> {
  readonly event: string;
  readonly time: string;
}

say('Starting two virtual machines: a Debian station with USB sockets, and its backup server');
show('The first time, the lab builds their images, which takes some minutes. They change nothing on this machine.');
const lab = await openLab();
process.once('SIGINT', () => void lab.close().then(() => process.exit(130)));
try {
  await demonstrate(lab);
} finally {
  await lab.close();
}

async function demonstrate(lab: Lab): Promise<void> {
  const { guest, server } = lab;
  const type = async (command: string, input?: string): Promise<string> => {
    show(`station# ${command}`);
    const { stdout } = await guest.shell(`${command} 2>&1`, {
      timeoutMs: 300_000,
      ...(input !== undefined && { input }),
    });
    show(stdout);
    return stdout;
  };
  say('Installing the package on the station');
  await installPackage(guest, await builtPackage());
  say('Setting up the station: settings, keys, and the host key of the server');
  await type(
    'extbackup setup --source extbackup@backup --trust-host-key --scrypt-memory 64M --password-stdin --yes',
    `${password}\n`,
  );
  say('Setting up the server: the station may read /backups, and nothing else');
  await makeSourceTree(server, '/backups', { smallFiles: 200, bulkMb: 5 });
  const { stdout: script } = await guest.run(['extbackup', 'server-setup']);
  show((await server.run(['sh'], { input: script })).stdout);
  say('Preparing a rotation disk: partition, LUKS, file system, label');
  const disk = await lab.newDisk({ name: 'WD1', sizeMb: 400 });
  await guest.plug(disk);
  await type(`extbackup drive prepare ${await guest.deviceOf(disk)} --label BACKUP_1 --yes`);
  await guest.unplug(disk);

  say('An operator plugs in the disk. Nobody types anything until it is safe to unplug.');
  await guest.plug(disk);
  const story = await follow(guest, new Set(['drive:safe-to-unplug', 'run:failed']));
  const outcome = story.at(-1);
  if (outcome?.event !== 'drive:safe-to-unplug') throw new Error(`The run failed: ${JSON.stringify(outcome)}`);

  say('What the operator sees');
  await type('extbackup status');
  say('Comparing the copy with the server, with a program that is not part of extbackup');
  const device = await guest.deviceOf(disk);
  await guest.shell(
    `mkdir -p /root/look; cryptsetup open --readonly --key-file /mnt/ramfs/luks_pw ${device}1 look; mount -o ro,noload /dev/mapper/look /root/look`,
  );
  const [source, mirror] = [await manifestOf(server, '/backups'), await manifestOf(guest, '/root/look/backups')];
  await guest.shell('umount /root/look; cryptsetup close look');
  const found = differences(source, mirror);
  if (found.length > 0) throw new Error(`The mirror differs:\n${found.join('\n')}`);
  show(
    `${String(source.length)} files: content, owners, modes, times, links, ACLs, attributes and holes are the same.`,
  );
  say('How long it took');
  showTimes(story, await msSinceUdevSaw(guest, `${device}1`, 'luks:opened'));
  tellWhatNow();
}

/** The end of the demo: a summary, and what to do next. */
function tellWhatNow(): void {
  say('What you have just seen');
  show(
    [
      'A disk was plugged in. The station recognised it, opened it with a key that is only in RAM, copied the files of the',
      'server, set the time of LABEL, closed the disk, and checked that it is closed before it reported "safe to unplug".',
      'The lines with a time are the events of the agent, as in journalctl -u extbackup; they name no file.',
    ].join('\n'),
  );
  say('What to do next');
  show(
    [
      'README.md, Quick start    set up a real station',
      'npm test                  see the promises tested',
      'docs/architecture.md      find your way in the sources',
      'The virtual machines are gone; their images stay in ~/.cache/extbackup for the next time.',
    ].join('\n'),
  );
}

/** From udev's event for a partition to an event of the agent: both by the kernel's monotonic clock, in milliseconds. */
async function msSinceUdevSaw(guest: Lab['guest'], partition: string, event: string): Promise<number> {
  const seen = Number(
    await guest.ask(`udevadm info --query=property --property=USEC_INITIALIZED --value ${partition}`),
  );
  const entry = await guest.ask(`journalctl -u extbackup -o json --no-pager | grep -F '${event}' | tail -n 1`);
  const { __MONOTONIC_TIMESTAMP: told } = JSON.parse(entry) as { __MONOTONIC_TIMESTAMP: string };
  return (Number(told) - seen) / 1000;
}

/** Prints the agent's events as they come, until one of `last`. */
async function follow(guest: Lab['guest'], last: ReadonlySet<string>): Promise<Told[]> {
  const seen = (await guest.journal('extbackup')).length;
  const story: Told[] = [];
  await guest.waitFor(
    'the end of the run',
    async () => {
      const told = (await guest.journal('extbackup')).slice(seen + story.length) as Told[];
      for (const event of told) {
        story.push(event);
        show(describe(event));
      }
      return story.some(({ event }) => last.has(event));
    },
    300_000,
  );
  return story;
}

function describe(told: Told): string {
  const { event, time } = told;
  const facts = Object.entries(told)
    .filter(([name]) => !['event', 'time', 'level', 'runId'].includes(name))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `${time.slice(11, 23)}  ${event.padEnd(22)} ${facts.join(' ')}`;
}

function showTimes(story: readonly Told[], toOpenedMs: number): void {
  const at = (name: string): number => Date.parse(story.findLast(({ event }) => event === name)?.time ?? '');
  const took = (name: string): number =>
    Number(story.findLast(({ event }) => event === name)?.['tookMs'] ?? Number.NaN);
  const line = (text: string, ms: number): void => {
    show(`${text.padEnd(58)} ${(ms / 1000).toFixed(2)} s`);
  };
  line("from udev's event of the partition to luks:opened", toOpenedMs);
  line('  of that, cryptsetup itself', took('luks:opened'));
  line('from sync:finished to luks:closed', at('luks:closed') - at('sync:finished'));
  line('  of that, umount and cryptsetup', took('fs:unmounted') + took('luks:closed'));
}
