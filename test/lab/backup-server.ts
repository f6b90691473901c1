import { Host } from './host.ts';
import type { Guest } from './guest.ts';

/** The backup server: its own disk, network and process table; the station reaches it as `backup`, port 22. */
export class BackupServer extends Host {
  readonly #guest: Guest;

  constructor(guest: Guest) {
    super('server', guest.ssh, '/usr/local/sbin/on-server ');
    this.#guest = guest;
  }

  /** Pulls the network cable: new connections fail at once, open ones hang. */
  async cutNetwork(): Promise<void> {
    await this.#guest.run(['ip', 'link', 'set', 'to-backup', 'down']);
  }

  async healNetwork(): Promise<void> {
    await this.#guest.run(['ip', 'link', 'set', 'to-backup', 'up']);
  }

  /** The server hangs: it drops all packets, and refuses or closes nothing. */
  async freeze(): Promise<void> {
    const rules = 'add table inet frozen; add chain inet frozen in { type filter hook input priority 0; policy drop; }';
    await this.#inNetwork(`nft '${rules}'`);
  }

  async thaw(): Promise<void> {
    await this.#inNetwork('nft delete table inet frozen');
  }

  async #inNetwork(command: string): Promise<void> {
    await this.#guest.shell(`read -r init </run/lab-server.pid; exec nsenter --target "$init" --net ${command}`);
  }
}
