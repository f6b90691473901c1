import type { Qmp } from './qmp.ts';
import type { Fault, UsbDisk } from './usb-disk.ts';

/** The USB ports of the station, and the disks in them. */
export class UsbPort {
  readonly #plugged = new Set<UsbDisk>();
  readonly #dead = new Set<string>();
  readonly #broken = new Set<UsbDisk>();
  #count = 0;
  readonly #nodes = new Map<UsbDisk, string>();
  readonly #sockets = new Map<UsbDisk | string, number>();

  get plugged(): readonly UsbDisk[] {
    return [...this.#plugged];
  }

  get isEmpty(): boolean {
    return this.#plugged.size === 0 && this.#dead.size === 0;
  }

  /** QEMU's names of the files of the plugged disks, for a snapshot that includes them. */
  get nodes(): readonly string[] {
    return [...this.#nodes.values()].map((node) => `${node}-disk`);
  }

  /** Plugs a disk in. The guest sees it about a second later. */
  async plug(qmp: Qmp, disk: UsbDisk, fault?: Fault): Promise<void> {
    if (this.#plugged.has(disk)) throw new Error(`${disk.serial} is plugged in already`);
    // A new node name each time: QEMU may still be closing the previous one.
    const node = `usb${String(++this.#count)}`;
    const { bytesPerSecond: rate, sectorBytes } = disk.options;
    if (rate !== undefined) {
      await qmp.execute('object-add', {
        'qom-type': 'throttle-group',
        id: `${node}-rate`,
        limits: { 'bps-write': rate },
      });
    }
    await qmp.execute('blockdev-add', { ...blockDevice(disk, `${node}-rate`, fault), 'node-name': `${node}-disk` });
    await qmp.execute('blockdev-add', { driver: 'raw', file: `${node}-disk`, 'node-name': node });
    const usb = { id: node, bus: 'xhci.0', port: this.#socketFor(disk), serial: disk.serial };
    if (sectorBytes === undefined) await qmp.execute('device_add', { driver: 'usb-storage', drive: node, ...usb });
    else await addWithSectors(qmp, usb, sectorBytes);
    this.#plugged.add(disk);
    this.#nodes.set(disk, node);
  }

  /** Unplugs a disk, whether the guest uses it or not. Unwritten data is lost. */
  async yank(qmp: Qmp, disk: UsbDisk): Promise<void> {
    const node = this.#nodes.get(disk);
    if (node === undefined) throw new Error(`${disk.serial} is not plugged in`);
    const gone = qmp.event((name, data) => name === 'DEVICE_DELETED' && data['device'] === node);
    await qmp.execute('device_del', { id: node });
    await gone;
    await qmp.execute('blockdev-del', { 'node-name': node });
    if (this.#broken.delete(disk)) await qmp.execute('blockdev-del', { 'node-name': `${node}-broken` });
    await qmp.execute('blockdev-del', { 'node-name': `${node}-disk` });
    if (disk.options.bytesPerSecond !== undefined) await qmp.execute('object-del', { id: `${node}-rate` });
    this.#forget(disk);
  }

  /** Inserts a layer that makes errors between the port and the disk, while the guest uses it. */
  async breakDisk(qmp: Qmp, disk: UsbDisk, on: Fault['on']): Promise<void> {
    const node = this.#nodes.get(disk);
    if (node === undefined) throw new Error(`${disk.serial} is not plugged in`);
    await qmp.execute('blockdev-add', {
      driver: 'blkdebug',
      'node-name': `${node}-broken`,
      image: `${node}-disk`,
      'inject-error': [{ event: 'none', iotype: on, errno: 5, once: false }],
    });
    await qmp.execute('blockdev-reopen', { options: [{ driver: 'raw', 'node-name': node, file: `${node}-broken` }] });
    this.#broken.add(disk);
  }

  /** Plugs in a disk whose bridge answers while the disk behind it does not: a USB device that never becomes a block device. */
  async plugDead(qmp: Qmp, serial: string): Promise<void> {
    await qmp.execute('device_add', {
      driver: 'usb-uas',
      id: `dead-${serial}`,
      bus: 'xhci.0',
      port: this.#socketFor(serial),
      serial,
    });
    this.#dead.add(serial);
    // QEMU allows drives behind such a bridge before the guest sees it. Here there are none.
    await qmp.execute('qom-set', { path: `/machine/peripheral/dead-${serial}`, property: 'attached', value: true });
  }

  /** Unplugs such a disk. */
  async unplugDead(qmp: Qmp, serial: string): Promise<void> {
    const gone = qmp.event((name, data) => name === 'DEVICE_DELETED' && data['device'] === `dead-${serial}`);
    await qmp.execute('device_del', { id: `dead-${serial}` });
    await gone;
    this.#dead.delete(serial);
    this.#sockets.delete(serial);
  }

  /** Unplugs everything. */
  async empty(qmp: Qmp): Promise<void> {
    for (const disk of this.plugged) await this.yank(qmp, disk);
    for (const serial of this.#dead) await this.unplugDead(qmp, serial);
  }

  /** Plugs in all disks again after the machine was switched off and on, like disks that stay in their ports. */
  async plugAllAgain(qmp: Qmp): Promise<void> {
    for (const disk of this.forgetAll()) await this.plug(qmp, disk);
  }

  /** Call it after the machine has ended. Returns the disks that were plugged in. */
  forgetAll(): readonly UsbDisk[] {
    const disks = this.plugged;
    for (const disk of disks) this.#forget(disk);
    this.#dead.clear();
    this.#sockets.clear();
    return disks;
  }

  /** The first free port: a snapshot with disks fits only if each disk is in its old port. */
  #socketFor(what: UsbDisk | string): string {
    const taken = [...this.#sockets.values()];
    const free = [1, 2, 3, 4, 5, 6, 7, 8].find((socket) => !taken.includes(socket));
    if (free === undefined) throw new Error('all sockets are taken');
    this.#sockets.set(what, free);
    return String(free);
  }

  #forget(disk: UsbDisk): void {
    this.#sockets.delete(disk);
    this.#plugged.delete(disk);
    this.#broken.delete(disk);
    this.#nodes.delete(disk);
  }
}

/** QEMU's description of a disk: its file, and the layers that make it faulty or slow. */
function blockDevice(disk: UsbDisk, throttleGroup: string, fault?: Fault): Record<string, unknown> {
  const image = { driver: 'qcow2', file: { driver: 'file', filename: disk.file } };
  const broken = fault && {
    driver: 'blkdebug',
    image,
    'inject-error': [
      {
        event: 'none',
        iotype: fault.on,
        errno: 5,
        once: false,
        ...(fault.sector !== undefined && { sector: fault.sector }),
      },
    ],
  };
  const inner = broken ?? image;
  return disk.options.bytesPerSecond === undefined
    ? inner
    : { driver: 'throttle', 'throttle-group': throttleGroup, file: inner };
}

/** A disk with other sectors. QEMU 7.2's usb-storage always has 512 bytes, so its two halves are added one by one. */
async function addWithSectors(
  qmp: Qmp,
  usb: Readonly<Record<string, string>> & { id: string },
  bytes: number,
): Promise<void> {
  await qmp.execute('device_add', { driver: 'usb-bot', ...usb });
  await qmp.execute('device_add', {
    driver: 'scsi-hd',
    bus: `${usb.id}.0`,
    drive: usb.id,
    logical_block_size: bytes,
    physical_block_size: bytes,
  });
  await qmp.execute('qom-set', { path: `/machine/peripheral/${usb.id}`, property: 'attached', value: true });
}
