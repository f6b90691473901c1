import type { LuksOutcome } from '../../src/disk/luks.ts';
import type { LuksFacts } from '../../src/disk/luks-header.ts';
import type { Change } from '../../src/history/change.ts';
import type { HistoryEntry } from '../../src/history/history-entry.ts';
import type { KeepRule } from '../../src/history/retention.ts';
import type { Pruned } from '../../src/history/prune.ts';
import type { HistoryPosition } from '../../src/history/history-entry.ts';
import type { Room, RoomWanted } from '../../src/disk/room.ts';
import type { TimeAdvance } from '../../src/history/measured-time.ts';
import type { Machine, MirrorEntry } from '../../src/pipeline/machine.ts';
import type { PullOrder } from '../../src/rsync/order.ts';
import type { FetchedFile } from '../../src/rsync/order.ts';
import type { RsyncOutcome } from '../../src/rsync/order.ts';

/** A machine that works, records its calls, and fails where a test requests it. */
export class FakeMachine implements Machine {
  readonly calls: string[] = [];
  readonly inside = new Map<string, string>();
  /** Errors or results in place of the usual ones, by name of the method. */
  readonly failing = new Map<string, unknown>();
  openOutcome: LuksOutcome = 'opened';
  luks: LuksFacts = { version: 2, cipher: 'aes-xts-plain64', keyBits: 512, sectorSize: 4096, volumeKey: 'a' };
  checkOutcome: Awaited<ReturnType<Machine['check']>> = 'clean';
  uuid: string | undefined = 'uuid-1';
  firstBlock: Buffer = Buffer.alloc(0);
  fstype: string | undefined = 'ext4';
  pulls: RsyncOutcome[] = [];
  /** Lines about single files, for each pull. */
  changes: Change[][] = [];
  readonly pruned: KeepRule[] = [];
  prunable = 0;
  /** States that a rule by weeks does not keep. */
  givenUp = 0;
  readonly pullOrders: PullOrder[] = [];
  opened = false;
  mounted = false;
  stampedAt: Date | undefined;

  wakeTrouble: string | undefined;
  wakeServer = (mac: string): Promise<string | undefined> => this.#step(`wakeServer ${mac}`, () => this.wakeTrouble);
  wake = (): Promise<Buffer> => this.#step('wake', () => this.firstBlock);
  luksUuid = (): Promise<string | undefined> => this.#step('luksUuid', () => this.uuid);
  isOpen = (): Promise<boolean> => Promise.resolve(this.opened);
  open = (): Promise<Awaited<ReturnType<Machine['open']>>> =>
    this.#step('open', () => {
      this.opened = this.openOutcome === 'opened';
      return this.openOutcome === 'opened' ? { outcome: 'opened', luks: this.luks } : { outcome: this.openOutcome };
    });
  ensureClosed = (): Promise<void> =>
    this.#step('ensureClosed', () => {
      this.opened = false;
    });
  filesystemType = (): Promise<string | undefined> => this.#step('filesystemType', () => this.fstype);
  check = (): Promise<Awaited<ReturnType<Machine['check']>>> => this.#step('check', () => this.checkOutcome);
  isMounted = (): Promise<boolean> => Promise.resolve(this.mounted);
  mount = (): Promise<void> =>
    this.#step('mount', () => {
      this.mounted = true;
    });
  ensureUnmounted = (): Promise<void> =>
    this.#step('ensureUnmounted', () => {
      this.mounted = false;
    });
  readInside = (path: string): Promise<string | undefined> => Promise.resolve(this.inside.get(path));
  writeInside = (path: string, content: string): Promise<void> =>
    this.#step(`write ${path}`, () => {
      this.inside.set(path, content);
    });
  mirror: MirrorEntry[] = [];
  topOfMirror = (): Promise<readonly MirrorEntry[]> => Promise.resolve(this.mirror);
  readUndated = (): Promise<undefined> => Promise.resolve(undefined);
  addUndated = (): Promise<number> => Promise.resolve(0);
  drawPart = (): Promise<undefined> => Promise.resolve(undefined);
  newHistory = (): Promise<HistoryEntry> =>
    this.#step('newHistory', () => ({
      name: '20260101T000000Z',
      number: 1,
      at: new Date(0),
      measured: new Date(0),
      directory: '/history',
      log: '/log',
    }));
  historyPosition = (): Promise<HistoryPosition> =>
    Promise.resolve({ at: new Date('2026-01-01T00:00:00Z'), number: this.position });
  position = 1;
  /** Error of the clock. */
  jumpMs = 0;
  continueTime = (): Promise<TimeAdvance> => {
    const now = new Date();
    const measured = new Date(now.getTime() - this.jumpMs);
    return Promise.resolve({
      mark: { measured, claimed: now, bootId: 'b', uptimeMs: 1, jumpMs: this.jumpMs, jumpedAt: measured },
      newJumpMs: this.jumpMs,
    });
  };
  room: Room = { bytes: 1e12, freeBytes: 5e11, inodes: 1e6, freeInodes: 5e5 };
  historySize: Machine['historySize'] = () => this.#step('historySize', () => this.history);
  history: Awaited<ReturnType<Machine['historySize']>> = { entries: 0 };
  readRoom = (): Promise<Room> => Promise.resolve(this.room);
  readonly prunePositions: number[] = [];
  readonly wanted: (RoomWanted | undefined)[] = [];
  pruneHistory = ({ rule, position, wanted }: Parameters<Machine['pruneHistory']>[0]): Promise<Pruned> =>
    this.#step('pruneHistory', () => {
      this.wanted.push(wanted);
      this.pruned.push(rule);
      this.prunePositions.push(position);
      return {
        ...{ removed: this.prunable, bytes: 0, isCapped: false, stuck: 0 },
        ...(this.givenUp > 0 && { thinned: { states: this.givenUp, bytes: 1 } }),
      };
    });
  /** Beginnings of files, by path; with the prefix `old:` those in the history. */
  readonly heads = new Map<string, Buffer>();
  readHead = (path: string, _source: unknown, entry?: HistoryEntry): Promise<Buffer | undefined> =>
    Promise.resolve(this.heads.get(entry ? `old:${path}` : path));
  /** Files on the disk, for a station without a record of it; and sizes of the files to delete. */
  counted = { files: 0, bytes: 0 };
  /** Result of a count after a pull; by default the number that rsync reports. */
  countedAfter: { readonly files: number; readonly bytes: number } | undefined;
  countMirror: Machine['countMirror'] = () =>
    this.#step('countMirror', () =>
      this.pullOrders.length === 0 ? this.counted : (this.countedAfter ?? { files: Infinity, bytes: Infinity }),
    );
  sizes: Awaited<ReturnType<Machine['sizesOf']>> = [];
  sizesOf: Machine['sizesOf'] = () => Promise.resolve(this.sizes);
  /** Number of files that were renamed on the server. */
  renamed = 0;
  /** Whether rsync runs in its box. */
  box: Awaited<ReturnType<Machine['confinement']>> = 'box';
  confinement: Machine['confinement'] = () => Promise.resolve(this.box);
  linkRenamed: Machine['linkRenamed'] = () => this.#step('linkRenamed', () => this.renamed);
  pull = (order: PullOrder): Promise<RsyncOutcome> =>
    this.#step('pull', () => {
      this.pullOrders.push(order);
      for (const change of this.changes.shift() ?? []) order.onChange?.(change);
      return this.pulls.shift() ?? goodPull;
    });
  /** Result of a verification; its calls are counted in {@link calls}. */
  verdict: Awaited<ReturnType<Machine['verifyPart']>> = {
    compared: 0,
    recorded: 0,
    bytes: 0,
    found: { damaged: 0, unreadable: 0 },
    known: { damaged: 0, unreadable: 0 },
    complete: false,
    cutOff: false,
  };
  readonly parts: Parameters<Machine['verifyPart']>[1][] = [];
  verifyPart: Machine['verifyPart'] = (_device, part) =>
    this.#step('verifyPart', () => {
      this.parts.push(part);
      return this.verdict;
    });
  /** Contents of the server's files, one per read; the last one is repeated. */
  fetched: FetchedFile[] = [{}];
  fetchFile = (): Promise<FetchedFile> =>
    this.#step('fetchFile', () => (this.fetched.length > 1 ? this.fetched.shift() : this.fetched[0]) ?? {});
  /** Content of the required paths of the source, by path; present by default. */
  readonly lacking = new Set<string>();
  isFilled: Machine['isFilled'] = (_config, _source, path) =>
    this.#step('isFilled', () => ({ filled: !this.lacking.has(path) }));
  removePartials = (): Promise<void> => this.#step('removePartials');
  clearUnfinished = (): Promise<void> => this.#step('clearUnfinished');
  /** Result of a hook, by its command. */
  readonly hookFailures = new Map<string, string>();
  readonly hookCalls: {
    readonly command: string;
    readonly environment: Readonly<Record<string, string>>;
    readonly mounted: boolean;
  }[] = [];
  runHook: Machine['runHook'] = (hook, environment) =>
    this.#step(`hook ${environment['EXTBACKUP_HOOK'] ?? ''}`, () => {
      this.hookCalls.push({ command: hook.command, environment, mounted: this.mounted });
      return this.hookFailures.get(hook.command);
    });
  flush = (): Promise<void> => this.#step('flush');
  stamp = (at: Date): Promise<void> =>
    this.#step('stamp', () => {
      this.stampedAt = at;
    });

  async #step(name: string): Promise<void>;
  async #step<T>(name: string, work: () => T): Promise<T>;
  async #step<T>(name: string, work?: () => T): Promise<T | undefined> {
    await Promise.resolve();
    this.calls.push(name);
    if (this.failing.has(name)) throw this.failing.get(name);
    return work?.();
  }
}

const figures = {
  filesTotal: 10,
  filesTransferred: 3,
  filesDeleted: 0,
  bytesTotal: 1000,
  bytesTransferred: 300,
  bytesReceived: 320,
};

/** An rsync that copied three files. */
export const goodPull: RsyncOutcome = { figures, entries: 8, skippedDeletions: 0, vanished: 0, changed: true, log: '' };
