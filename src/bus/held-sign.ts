/** The main reason of a held run. */
export interface HeldSign {
  readonly what:
    | 'deleted'
    | 'changed'
    | 'attributes'
    | 'created'
    | 'content'
    | 'waiting'
    | `heartbeat.${'missing' | 'damaged' | 'foreign' | 'stale' | 'ahead'}`;
  /** Share of all files, in whole percent; absent below 1. */
  readonly percent?: number | undefined;
  readonly files?: number | undefined;
}
