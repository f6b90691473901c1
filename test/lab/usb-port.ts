import type { Qmp } from './qmp.ts';
import type { UsbDisk } from './usb-disk.ts';

/** The station's USB sockets: what is plugged in, and how to plug and pull. */
export class UsbPort {
  readonly #plugged = new Set<UsbDisk>();
  #count = 0;
  readonly #nodes = new Map<UsbDisk, string>();

  get plugged(): readonly UsbDisk[] {
    return [...this.#plugged];
  }

  /** Plugs a disk in. The guest sees it about a second later. */
  async plug(qmp: Qmp, disk: UsbDisk): Promise<void> {
    if (this.#plugged.has(disk)) throw new Error(`${disk.serial} is plugged in already`);
    // A new node name each time: QEMU may still be closing the one before.
    const node = `usb${String(++this.#count)}`;
    const image = { driver: 'qcow2', 'node-name': `${node}-image`, file: { driver: 'file', filename: disk.file } };
    const rate = disk.options.bytesPerSecond;
    if (rate === undefined) {
      await qmp.execute('blockdev-add', { ...image, 'node-name': node });
    } else {
      await qmp.execute('object-add', { 'qom-type': 'throttle-group', id: `${node}-rate`, limits: { 'bps-write': rate } });
      await qmp.execute('blockdev-add', { driver: 'throttle', 'node-name': node, 'throttle-group': `${node}-rate`, file: image });
    }
    await qmp.execute('device_add', { driver: 'usb-storage', drive: node, id: node, bus: 'xhci.0', serial: disk.serial });
    this.#plugged.add(disk);
    this.#nodes.set(disk, node);
  }

  /** Pulls a disk out, whatever the guest is doing with it. What the guest had not written yet is lost. */
  async yank(qmp: Qmp, disk: UsbDisk): Promise<void> {
    const node = this.#nodes.get(disk);
    if (node === undefined) throw new Error(`${disk.serial} is not plugged in`);
    const gone = qmp.event((name, data) => name === 'DEVICE_DELETED' && data['device'] === node);
    await qmp.execute('device_del', { id: node });
    await gone;
    await qmp.execute('blockdev-del', { 'node-name': node });
    if (disk.options.bytesPerSecond !== undefined) await qmp.execute('object-del', { id: `${node}-rate` });
    this.#forget(disk);
  }

  /** Plugs everything back in after the machine was switched off and on, as disks do that stay in their sockets. */
  async plugAllAgain(qmp: Qmp): Promise<void> {
    const disks = this.plugged;
    for (const disk of disks) this.#forget(disk);
    for (const disk of disks) await this.plug(qmp, disk);
  }

  #forget(disk: UsbDisk): void {
    this.#plugged.delete(disk);
    this.#nodes.delete(disk);
  }
}
