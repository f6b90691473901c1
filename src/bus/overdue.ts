/** One disk has had no backup for too long. */
export interface OverdueDrive {
  readonly drive: string;
  readonly lastSuccess: string | null;
}

/** Even the freshest copy on a disk that is not plugged in is too old; null when there is none. */
export interface OverdueRotation {
  readonly drive?: undefined;
  /** The set of disks that this is about, if the settings have sets. */
  readonly set?: string;
  readonly lastSuccess: string | null;
  /** Disk with that copy. */
  readonly freshest?: string;
  /** Disk to bring next. */
  readonly next?: string;
  /** Single disks that are overdue. */
  readonly overdue: readonly string[];
}
