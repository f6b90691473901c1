import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import { cacheDirectory, type GuestImage } from './image/guest-image.ts';
import { processors } from './processor.ts';

/** QEMU arguments for the processor: KVM if a guest starts under it, otherwise software emulation. */
export async function acceleratorArguments(image: GuestImage): Promise<string[]> {
  if (await kvmWorks(image)) return ['-accel', 'kvm', '-cpu', 'host'];
  // tb-size: the default cache of translated code is too small for node.
  return ['-accel', 'tcg,thread=multi,tb-size=1024', '-cpu', processors[image.architecture].emulated];
}

async function kvmWorks(image: GuestImage): Promise<boolean> {
  if (image.architecture !== 'amd64' || !existsSync('/dev/kvm')) return false;
  const answer = join(cacheDirectory, 'kvm-works');
  const known = await readFile(answer, 'utf8').catch(() => undefined);
  if (known !== undefined) return known === 'yes';
  const works = await kernelSpeaks(image);
  await mkdir(cacheDirectory, { recursive: true });
  await writeFile(answer, works ? 'yes' : 'no');
  return works;
}

/** Does the guest's kernel write its first line under KVM within 10 s? */
async function kernelSpeaks({ kernel }: GuestImage): Promise<boolean> {
  const qemu = execa(
    'qemu-system-x86_64',
    [
      '-accel',
      'kvm',
      '-cpu',
      'host',
      '-M',
      'q35',
      '-m',
      '256',
      '-nodefaults',
      '-display',
      'none',
      '-serial',
      'stdio',
      '-no-reboot',
      '-kernel',
      kernel,
      '-append',
      'console=ttyS0',
    ],
    { stdin: 'ignore', stderr: 'ignore', reject: false, buffer: false, killSignal: 'SIGKILL' },
  );
  let said = '';
  const spoke = new Promise<boolean>((resolve) => {
    qemu.stdout.on('data', (text: Buffer) => {
      said += text.toString();
      if (said.includes('Linux version')) resolve(true);
    });
    void qemu.then(() => {
      resolve(false);
    });
  });
  const works = await Promise.race([spoke, pause(10_000, false)]);
  qemu.kill('SIGKILL');
  return works;
}
