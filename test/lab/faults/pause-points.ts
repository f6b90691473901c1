import type { Guest } from '../guest.ts';

/**
 * Where a run can be made to stand still: right before the program that does the work of a phase starts. The real
 * programs are covered by a script that waits while the test wants it to; the product knows nothing of it.
 */
export const pausePoints = {
  waking: 'dd',
  opening: 'cryptsetup-open',
  checking: 'e2fsck',
  mounting: 'mount',
  pulling: 'rsync',
  flushing: 'sync',
  unmounting: 'umount',
  closing: 'cryptsetup-close',
} as const;

export type PausePoint = keyof typeof pausePoints;

const places = { dd: '/usr/bin', cryptsetup: '/usr/sbin', e2fsck: '/usr/sbin', mount: '/usr/bin', rsync: '/usr/bin', sync: '/usr/bin', umount: '/usr/bin' };
const flags = '/run/extbackup/pause';

const cover = `#!/bin/sh
tool=\${0##*/}
point=$tool
[ "$tool" = cryptsetup ] && point=cryptsetup-$1
if [ -e ${flags}/$point ]; then
  : > ${flags}/reached
  while [ -e ${flags}/$point ]; do sleep 0.1; done
fi
exec /opt/real/$tool "$@"
`;

/** Covers the programs. Holds until the next boot; part of a snapshot like everything else. */
export async function coverTools(guest: Guest): Promise<void> {
  await guest.run(['sh', '-c', 'mkdir -p /opt/real /opt/cover; cat > /opt/cover/cover; chmod 755 /opt/cover/cover'], { input: cover });
  const tools = Object.entries(places).map(([tool, place]) => `${place}/${tool}`);
  await guest.shell(`cp -p ${tools.join(' ')} /opt/real; for tool in ${tools.join(' ')}; do /opt/real/mount --bind /opt/cover/cover $tool; done`);
  await guest.shell(`mkdir -p ${flags}; systemctl restart extbackup`);
}

/** The next run stops at this point. */
export async function pauseAt(guest: Guest, point: PausePoint): Promise<void> {
  await guest.shell(`touch ${flags}/${pausePoints[point]}`);
}

export async function waitForPause(guest: Guest): Promise<void> {
  await guest.waitFor('the run to stand still', `test -e ${flags}/reached`, 120_000);
}

/** Lets go what stands still, and everything after it. */
export async function goOn(guest: Guest): Promise<void> {
  await guest.shell(`rm -rf ${flags}`);
}
