import { setTimeout as pause } from 'node:timers/promises';
import { Host, quote } from './host.ts';
import type { GuestImage } from './image/guest-image.ts';
import { consoleTail, Machine, type MachineDisks } from './machine.ts';
import { searchDisk, type Finding } from './search-disk.ts';
import type { SavedState } from './saved-state.ts';
import { SshConnection } from './ssh-connection.ts';
import type { Fault, UsbDisk } from './usb-disk.ts';
import { UsbPort } from './usb-port.ts';
import { patient } from './patience.ts';

const bootTimeoutMs = 600_000;
const machineDisks = ['station', 'server'];
const savedSnapshot = 'saved';

const canRest = 'exec 9<> <(:)';
/** A moment's pause in bash itself: starting sleep(1) again and again takes a large part of an emulated processor. */
export const rest = 'read -rt 0.4 -u 9 || true';

/** The station: a Debian machine with USB ports, on which the test is root. */
export class Guest extends Host {
  readonly #image: GuestImage;
  readonly #disks: MachineDisks;
  readonly #directory: string;
  readonly #connection: SshConnection;
  readonly #usb = new UsbPort();
  /** The disks that were plugged in when a snapshot was taken. */
  readonly #pluggedIn = new Map<string, readonly UsbDisk[]>();
  #machine: Machine | undefined;

  /** `directory` holds the sockets and the console's log. The guest is switched off until {@link boot}. */
  constructor(image: GuestImage, disks: MachineDisks, directory: string) {
    const connection = new SshConnection(directory, image.loginKey);
    super('station', connection.command);
    this.#connection = connection;
    this.#image = image;
    this.#disks = disks;
    this.#directory = directory;
  }

  /**
   * Switches the machine on and waits until it can be used. Plugged disks stay plugged in.
   * The clock is set to now; `clock: 'own'` leaves it as the machine has it, which is in the past without a hardware clock.
   */
  async boot({ clock = 'now' }: { readonly clock?: 'now' | 'own' } = {}): Promise<void> {
    this.#machine = await Machine.start(this.#image, this.#disks, this.#directory);
    await this.#usb.plugAllAgain(this.#machine.qmp);
    await this.#connect(clock);
  }

  /** Continues from a saved state. Takes two seconds instead of a boot. */
  async wakeFrom(state: SavedState): Promise<void> {
    await state.copyTo(this.#disks);
    await this.restore(savedSnapshot);
  }

  /** Saves the state of the machine and its USB disks for later labs, and continues. */
  async saveTo(state: SavedState, drawer: readonly UsbDisk[]): Promise<void> {
    const { qmp } = this.#running;
    await qmp.job('snapshot-delete', { tag: savedSnapshot, devices: machineDisks });
    await this.snapshot(savedSnapshot);
    await qmp.execute('stop'); // this also flushes the image files
    await state.keep(this.#disks, drawer);
    await qmp.execute('cont');
  }

  /** Reboots the system cleanly. */
  async reboot(): Promise<void> {
    const before = await this.ask('cat /proc/sys/kernel/random/boot_id');
    await this.shell('systemctl reboot', { okCodes: 'any' });
    const end = Date.now() + bootTimeoutMs;
    do await this.#connect();
    while (
      Date.now() < end &&
      (await this.shell('cat /proc/sys/kernel/random/boot_id', { okCodes: 'any' })).stdout.trim() === before
    );
  }

  /** Cuts the power. {@link boot} starts again with the data that was on the disks. */
  async powerCut(): Promise<void> {
    await this.#connection.drop();
    await this.#machine?.kill();
    this.#machine = undefined;
  }

  /** Plugs in a disk; returns before the guest sees it. With a fault it is broken until it is unplugged. */
  plug(disk: UsbDisk, fault?: Fault): Promise<void> {
    return this.#usb.plug(this.#running.qmp, disk, fault);
  }

  /** From now on the plugged disk answers with errors, until it is unplugged. */
  breakDisk(disk: UsbDisk, on: Fault['on']): Promise<void> {
    return this.#usb.breakDisk(this.#running.qmp, disk, on);
  }

  /** Plugs in a USB disk that never becomes a block device, as with a bad cable or too little power. */
  plugDead(serial: string): Promise<void> {
    return this.#usb.plugDead(this.#running.qmp, serial);
  }

  /** Unplugs the disk of {@link plugDead}. */
  unplugDead(serial: string): Promise<void> {
    return this.#usb.unplugDead(this.#running.qmp, serial);
  }

  /** Gives QEMU a command; see its "QMP Reference Manual". */
  control(command: string, args: Record<string, unknown> = {}): Promise<unknown> {
    return this.#running.qmp.execute(command, args);
  }

  isPlugged(disk: UsbDisk): boolean {
    return this.#usb.plugged.includes(disk);
  }

  /** Unplugs a disk, whether the guest uses it or not. */
  yank(disk: UsbDisk): Promise<void> {
    return this.#usb.yank(this.#running.qmp, disk);
  }

  /** Unplugs an unused disk. The same as {@link yank}, for stories that are easier to read. */
  unplug(disk: UsbDisk): Promise<void> {
    return this.yank(disk);
  }

  /** Waits until the kernel and udev know a plugged disk. Returns its name, such as `/dev/sda`. */
  async deviceOf(disk: UsbDisk): Promise<string> {
    await this.waitFor(`${disk.serial} to become a block device`, `test -b ${quote(disk.path)}`);
    return this.ask(`readlink -f ${quote(disk.path)}; udevadm settle >&2`);
  }

  /** Saves the present state of the running machine: memory, the station's disk, the server's disk, and the disks that are plugged in. */
  async snapshot(name: string): Promise<void> {
    const disks = this.#usb.plugged;
    const { qmp } = this.#running;
    if (this.#pluggedIn.has(name)) await qmp.job('snapshot-delete', { tag: name, devices: machineDisks });
    await qmp.job('snapshot-save', { tag: name, vmstate: 'station', devices: [...machineDisks, ...this.#usb.nodes] });
    this.#pluggedIn.set(name, disks);
  }

  /**
   * Goes back to a snapshot, also after a power cut. Disks that were plugged in then are again, with what was on them; all
   * others are taken out and keep what is on them. A QEMU of its own each time: one that goes back in time keeps its time
   * stamp counter from doing so, and with it the guest's clocks.
   *
   * The clock is set to now; `clock: 'then'` is for a moment that is to go on as if nothing had been.
   */
  async restore(name: string, { clock = 'now' }: { readonly clock?: 'now' | 'then' } = {}): Promise<void> {
    if (this.#machine) await this.#usb.empty(this.#machine.qmp);
    await this.powerCut();
    const { qmp } = (this.#machine = await Machine.start(this.#image, this.#disks, this.#directory, 'asleep'));
    this.#usb.forgetAll();
    for (const disk of this.#pluggedIn.get(name) ?? []) await this.#usb.plug(qmp, disk);
    await qmp.job('snapshot-load', { tag: name, vmstate: 'station', devices: [...machineDisks, ...this.#usb.nodes] });
    await qmp.execute('cont');
    await this.#connect(clock);
  }

  /**
   * Asks again and again until the script ends with 0 or the function's answer is true. Throws with the journal's tail.
   * The guest itself repeats a script: to come in anew each time would keep its processor busy with that alone.
   */
  async waitFor(what: string, question: string | (() => Promise<boolean>), timeoutMs = 120_000): Promise<void> {
    if (typeof question === 'string') {
      const asked = /[;\n]/.test(question) ? `sh -euc ${quote(question)}` : `(${question})`;
      await this.waitThrough(what, `until ${asked}; do ${rest}; done`, timeoutMs);
      return;
    }
    const limitMs = patient(timeoutMs);
    const end = Date.now() + limitMs;
    while (!(await question())) {
      await pause(2_000); // the question starts programs in the guest
      if (Date.now() >= end) await this.#waitedInVain(what, limitMs);
    }
  }

  /** Waits until a bash script ends with 0; between its looks it does {@link rest}. Throws with the end of the journal after the time limit. */
  async waitThrough(what: string, script: string, timeoutMs: number): Promise<void> {
    const limitMs = patient(timeoutMs);
    const { exitCode } = await this.shell(
      `timeout ${String(limitMs / 1000)} bash -euc ${quote(`${canRest}\n${script}`)}`,
      {
        okCodes: [0, 124],
        timeoutMs: timeoutMs + 30_000,
      },
    );
    if (exitCode !== 0) await this.#waitedInVain(what, limitMs);
  }

  /** The JSON lines of a unit in the journal, parsed. Other lines are left out. */
  async journal(unit: string): Promise<Record<string, unknown>[]> {
    const { stdout } = await this.run(['journalctl', '-u', unit, '-o', 'cat', '--no-pager']);
    return stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Searches byte strings on the whole root disk from outside, also in free blocks. */
  async searchRootDisk(patterns: readonly Buffer[]): Promise<Finding[]> {
    await this.run(['sync']);
    return searchDisk(this.#running.qmp, 'station', this.#directory, patterns);
  }

  async #waitedInVain(what: string, timeoutMs: number): Promise<never> {
    const { stdout } = await this.shell(
      'cat /run/extbackup/status.json || true; journalctl -n 60 -o short-precise --no-hostname; uptime',
      { okCodes: 'any' },
    );
    throw new Error(
      `Waited ${String(timeoutMs / 1000)} s in vain for ${what}. The status, and the journal's end:\n${stdout}`,
    );
  }

  get #running(): Machine {
    if (!this.#machine) throw new Error('The guest is switched off.');
    return this.#machine;
  }

  async #connect(clock: 'now' | 'then' | 'own' = 'now'): Promise<void> {
    try {
      await this.#connection.open(this.#running.sshPort, bootTimeoutMs);
    } catch (error) {
      throw new Error(`The guest does not answer. Its console's end:\n${await consoleTail(this.#directory)}`, {
        cause: error,
      });
    }
    if (clock === 'now') await this.run(['date', '-s', `@${String(Date.now() / 1000)}`]);
  }
}
