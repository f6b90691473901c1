/** The facts that the agent emits. Past tense; plain readonly data, never a live handle, a file name or a secret. */

import type { WarningName } from '../words/catalogue.ts';
import type { HeldSign } from './held-sign.ts';
import type { IgnoredDisk } from './ignored-disk.ts';
import type { OverdueDrive, OverdueRotation } from './overdue.ts';
import type { WhyCompressed } from './why-compressed.ts';

/** One attach of a disk, counted by the kernel: opening and closing LUKS does not make a new one. */
export interface AttachFacts {
  /** DISKSEQ of the whole disk. */
  readonly diskseq: number;
  /** Kernel name of the LUKS volume, for example sda1. */
  readonly device: string;
  readonly luksUuid: string;
}

/** Belongs to one run. `drive` is the label of the disk. */
export interface RunFacts {
  readonly runId: string;
  readonly drive: string;
}

/** Name of the source, if the settings have several. */
export interface OfSource {
  readonly source?: string;
}

/** Progress of a pull. */
export interface Progress {
  /** Share of the bytes, 0 to 100; undefined while it is unknown how many there are to copy. */
  readonly percent?: number;
  /** Share of the names that were looked at, 0 to 100: it says nothing about the bytes of the rest. */
  readonly checked?: number;
  /** Bytes copied so far. */
  readonly bytes: number;
  /** Files copied so far. */
  readonly files: number;
  /** All bytes to copy, or a few more; undefined while unknown. */
  readonly totalBytes?: number;
  /** At least the time that the rest takes at the speed so far; undefined while unknown. */
  readonly etaSeconds?: number;
}

/** Figures of a pull. */
export interface PullFigures {
  /** Files in the source, without directories. */
  readonly filesTotal: number;
  readonly filesTransferred: number;
  readonly filesDeleted: number;
  /** Size of the whole source in bytes. */
  readonly bytesTotal: number;
  /** Bytes of changed files. */
  readonly bytesTransferred: number;
  /** Bytes that came over the network. */
  readonly bytesReceived: number;
  /** Files and directories of which only owner, rights, ACL or extended attributes changed. */
  readonly attributesChanged?: number;
}

/** Result of reading back after a pull. */
export interface VerifiedFigures {
  readonly files: number;
  readonly bytes: number;
  /** Files with wrong content, or unreadable ones. */
  readonly damaged: number;
}

/** A failure in the operator's words. */
export interface Failure {
  readonly code: string;
  readonly exitCode: number;
  readonly happened: string;
  readonly todo: string;
}

/** The reason for a run. */
export type Trigger = 'plug' | 'request' | 'scheduled';

/** Name and payload of every event. */
export interface EventMap {
  'agent:started': { readonly version: string };
  'agent:stopping': { readonly reason: string };
  'spool:rejected': { readonly reason: string };
  /** A warning with the same `topic` replaces an earlier one, and is cleared when the matter is settled. */
  'warning:raised': {
    readonly about: WarningName;
    /** Label, if it is about one disk. */
    readonly drive?: string;
    readonly reason: string;
    readonly todo: string;
    readonly topic?: string;
    /** An operator's choice: shown in the status and the journal, without a message. */
    readonly isUsual?: boolean;
  };
  /** The report that the setting `report.every` asks for. No file name of a backup, no secret. */
  'report:made': {
    /** The freshest offline copy, and its age; null when there is none. */
    readonly freshest: { readonly drive: string; readonly ageSeconds: number } | null;
    /** The report in plain text. */
    readonly text: string;
    /** The page of the report, for mail to attach; absent if the settings do not want it. */
    readonly page?: string;
  };
  /** The matter of an earlier warning is settled. */
  'warning:settled': { readonly topic: string };
  'drive:attached': {
    readonly source: 'udev' | 'usb';
    readonly diskseq?: number;
    readonly device?: string;
    readonly usbSerial?: string;
  };
  'drive:ignored': Partial<AttachFacts> & IgnoredDisk;
  'drive:identified': AttachFacts & { readonly drive: string };
  'drive:removed': { readonly drive?: string; readonly device?: string; readonly usbSerial?: string };
  /** Measured: something other than a run has the disk open, such as a command, a person or a foreign program. */
  'drive:opened': {
    readonly drive: string;
    /** For example `mount by root since 2026-11-29 13:05 UTC`. */
    readonly how: string;
    readonly command?: string;
    readonly by?: string;
    readonly since?: string;
  };
  'drive:closed': { readonly drive: string };
  'key:missing': { readonly drive: string };
  /** A plugged disk has to wait for a command or a person. Emitted once for each reason, and not for a short wait. */
  'drive:waiting': { readonly drive: string; readonly reason: string };
  'key:loaded': Record<string, never>;
  /** No run starts by itself until then (ISO 8601, UTC). */
  'pause:begun': { readonly by: string; readonly until: string };
  'pause:ended': Record<string, never>;
  'run:queued': RunFacts & { readonly trigger: Trigger };
  'run:started': RunFacts & { readonly trigger: Trigger };
  'luks:opened': RunFacts & { readonly tookMs: number };
  'fs:checked': RunFacts & { readonly tookMs: number; readonly repaired: boolean };
  'fs:mounted': RunFacts & { readonly tookMs: number };
  'label:verified': RunFacts;
  'sync:started': RunFacts & OfSource;
  /** Another bandwidth limit applies; the pull goes on with it. KiB per second, 0 is no limit. */
  'sync:paced': RunFacts & OfSource & { readonly kibPerSecond: number };
  /** The pull is compressed because of the setting, a bandwidth limit or a slow link; or the server refused that. */
  'sync:compressed': RunFacts & OfSource & { readonly isOn: boolean; readonly because: WhyCompressed | 'refused' };
  /** One of several addresses of the server answered; `silent`: those tried before it. */
  'server:reached': RunFacts & OfSource & { readonly address: string; readonly silent: readonly string[] };
  'sync:progress': RunFacts & OfSource & Progress;
  /** The connection broke, or no data moved; the pull continues after a pause. */
  'sync:interrupted': RunFacts & OfSource & { readonly attempt: number; readonly retryInSeconds: number };
  'sync:finished': RunFacts & OfSource & PullFigures & { readonly tookMs: number; readonly gaps: boolean };
  /** The pull of one of several sources failed; the others are not affected. */
  'source:failed': RunFacts & {
    readonly source: string;
    readonly outcome: 'held' | 'failure';
    readonly code: string;
    readonly happened: string;
    readonly todo: string;
  };
  'run:held': RunFacts &
    Failure & {
      /** The reason in a few words. */
      readonly headline: string;
      /** The same for the catalogues of words. */
      readonly sign?: HeldSign;
      /** Whether there were signs of an attack. */
      readonly isAlarm: boolean;
      readonly counts?: Counts;
      readonly tookMs: number;
      /** Sources that are not held go on by themselves when their server answers. */
      readonly waits?: boolean;
    };
  /** An operator approved a held run, or one that looked wrong. `runId` is that run. */
  'run:approved': RunFacts & { readonly by: string; readonly reason: string };
  'label:stamped': RunFacts & { readonly stampedAt: string };
  /** Entries of the history were removed, or states given up. `bytes`: the room that was gained; `capped`: more are due. */
  'history:pruned': RunFacts & {
    readonly removed: number;
    readonly bytes: number;
    /** `rule`: age, number, or minFree of the settings; else the kind of room that was short. */
    readonly why: 'rule' | 'blocks' | 'inodes';
    readonly capped: boolean;
    /** Entries that could not be removed as a whole. */
    readonly stuck: number;
    readonly givenUp?: { readonly states: number; readonly bytes: number };
  };
  'data:progress': RunFacts & Progress;
  /** A part of the mirror was read back. Files are new since the last time (recorded), or were compared. */
  'data:verified': RunFacts & {
    readonly compared: number;
    readonly recorded: number;
    readonly bytes: number;
    readonly damaged: number;
    readonly unreadable: number;
    readonly tookMs: number;
  };
  'hook:finished': RunFacts & { readonly hook: string; readonly tookMs: number };
  /** The run goes on, but the operator should know. */
  'run:warned': RunFacts & { readonly about: WarningName; readonly reason: string; readonly todo: string };
  'fs:unmounted': RunFacts & { readonly tookMs: number };
  'luks:closed': RunFacts & { readonly tookMs: number };
  'run:succeeded': RunFacts &
    Partial<PullFigures> & {
      readonly tookMs: number;
      readonly gaps: boolean;
      readonly vanished?: number;
      readonly stamped: boolean;
      readonly verified?: VerifiedFigures;
    };
  /**
   * `resumes`: the agent stops, and the next agent continues the run: the disk will soon be used again. `waits`: it
   * goes on by itself when the server answers.
   */
  'run:failed': RunFacts &
    Failure & { readonly phase: Phase; readonly tookMs: number; readonly resumes?: boolean; readonly waits?: boolean };
  /** The closed disk was spun down (`parked`), or also removed from the bus (`powered-off`). */
  'drive:parked': RunFacts & { readonly how: 'parked' | 'powered-off'; readonly tookMs: number };
  'drive:safe-to-unplug': { readonly drive: string; readonly runId?: string };
  'drive:do-not-unplug': { readonly drive: string; readonly runId?: string; readonly reason: string };
  'rotation:overdue': OverdueDrive | OverdueRotation;
}

export type EventName = keyof EventMap;

/** The present part of a run. */
export type Phase =
  | 'waking'
  | 'opening'
  | 'checking'
  | 'mounting'
  | 'verifying'
  | 'pulling'
  | 'waiting-for-server'
  | 'deleting'
  | 'stamping'
  | 'pruning'
  | 'verifying-data'
  | 'flushing'
  | 'unmounting'
  | 'closing';
/** Number of files that a run changed, or would change; directories do not count. */
export interface Counts {
  readonly created: number;
  readonly changed: number;
  readonly deleted: number;
  /** Size of the changed files. */
  readonly changedBytes: number;
  /** Files and directories of which only owner, rights, ACL or extended attributes changed. */
  readonly attributes?: number | undefined;
  /** Size of the deleted files that came back nowhere else; absent where it was not measured. */
  readonly deletedBytes?: number | undefined;
}
