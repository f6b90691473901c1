/** `npx tsx test/lab/shell.ts [--prepared]`: a shell in the guest, until you leave it. */
import { execa } from 'execa';
import { openLab } from './lab.ts';
import { preparedStation } from './station.ts';

const lab = await openLab(process.argv.includes('--prepared') ? await preparedStation() : undefined);
try {
  const disk = await lab.newDisk({ name: 'WD1', sizeMb: 1024 });
  await lab.guest.plug(disk);
  console.log(
    'This is the station, with a new disk plugged in. "on-server sh" starts a shell on the backup server. Leave with "exit".',
  );
  const [file, ...args] = lab.guest.ssh();
  const destination = args.indexOf('--');
  await execa(file, [...args.slice(0, destination - 1), '-t', ...args.slice(destination - 1, destination)], {
    stdio: 'inherit',
    reject: false,
  });
} finally {
  await lab.close();
}
