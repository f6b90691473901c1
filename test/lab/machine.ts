import { createServer } from 'node:net';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { acceleratorArguments } from './accelerator.ts';
import type { GuestImage } from './image/guest-image.ts';
import { processors } from './processor.ts';
import { Qmp } from './qmp.ts';

/** A running QEMU. The kernel kills it when this process ends. */
export class Machine {
  readonly qmp: Qmp;
  /** Port of the station's sshd on 127.0.0.1. */
  readonly sshPort: number;
  readonly #qemu: Child;

  private constructor(qmp: Qmp, sshPort: number, qemu: Child) {
    this.qmp = qmp;
    this.sshPort = sshPort;
    this.#qemu = qemu;
  }

  /** Switches the machine on. `asleep` leaves its processors stopped until a snapshot is loaded. */
  static async start(
    image: GuestImage,
    disks: MachineDisks,
    directory: string,
    how: 'awake' | 'asleep' = 'awake',
  ): Promise<Machine> {
    const sshPort = await freePort();
    const socket = join(directory, 'qmp');
    await rm(socket, { force: true });
    const args = [
      ...(await machineArguments(image)),
      ...(how === 'asleep' ? ['-S'] : []),
      ...['-serial', `file:${join(directory, 'console.log')}`, '-qmp', `unix:${socket},server=on,wait=off`],
      ...[
        '-netdev',
        `user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:${String(sshPort)}-:22`,
        '-device',
        'virtio-net-pci,netdev=net,romfile=',
      ],
      ...disk('station', disks.station, 'root'),
      ...disk('server', disks.server, 'backup'),
    ];
    const qemu = execa('setpriv', ['--pdeathsig', 'KILL', processors[image.architecture].qemu, ...args], {
      stdin: 'ignore',
      stdout: 'ignore',
      reject: false,
    });
    const early = qemu.then((ended) => Promise.reject(new Error(`QEMU did not start: ${ended.stderr}`)));
    const qmp = await Promise.race([Qmp.connect(socket, 20_000), early]);
    early.catch(() => undefined);
    return new Machine(qmp, sshPort, qemu);
  }

  /** Cuts the power: unflushed data of the guest is lost. */
  async kill(): Promise<void> {
    this.#qemu.kill('SIGKILL');
    await this.#qemu;
    this.qmp.close();
  }
}

/** A program we started: awaiting it waits for its end. */
export interface Child extends Promise<unknown> {
  kill(signal: NodeJS.Signals): boolean;
}

/** The two writable qcow2 files of a machine. */
export interface MachineDisks {
  readonly station: string;
  readonly server: string;
}

/** All arguments that a saved state depends on: it can be loaded only into an equal machine. */
export async function machineArguments(image: GuestImage): Promise<string[]> {
  const { board, console, memoryMb } = processors[image.architecture];
  // mitigations=off: an emulated processor does not speculate, and retpolines cost it up to a third of its time.
  const kernelLine = `root=/dev/disk/by-id/virtio-root rw console=${console} net.ifnames=0 quiet systemd.show_status=false panic=1 mitigations=off`;
  // One processor: two emulated ones wait for each other's locks, and the host emulates other machines, too.
  return [
    ...[
      '-name',
      'extbackup-lab',
      '-nodefaults',
      '-no-user-config',
      '-display',
      'none',
      ...board,
      ...(await acceleratorArguments(image)),
    ],
    ...['-smp', '1', '-m', String(memoryMb), '-kernel', image.kernel, '-initrd', image.initrd, '-append', kernelLine],
    ...['-device', 'virtio-rng-pci', '-device', 'qemu-xhci,id=xhci,p2=8,p3=8'],
    ...(image.devices ?? []),
  ];
}

/** The last lines of the guest's console, for error messages. */
export async function consoleTail(directory: string): Promise<string> {
  const text = await readFile(join(directory, 'console.log'), 'utf8').catch(() => '');
  return text.slice(-3000);
}

function disk(node: string, file: string, serial: string): string[] {
  return [
    '-blockdev',
    `driver=qcow2,node-name=${node},file.driver=file,file.filename=${file}`,
    '-device',
    `virtio-blk-pci,drive=${node},serial=${serial}`,
  ];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
