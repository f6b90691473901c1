/** A plugged disk that gets no backup, and why. */
export interface IgnoredDisk {
  /** Label of the enrolled disk that it is, or may be. */
  readonly drive?: string;
  readonly usbSerial?: string;
  readonly reason:
    | 'not-enrolled'
    | 'duplicate-uuid'
    | 'no-block-device'
    | 'not-authorized'
    | 'no-luks'
    | 'just-prepared'
    | 'served-before';
  readonly happened: string;
  readonly todo: string;
  /** A former agent reported the same about this attach: shown in the status and the journal, without a message. */
  readonly toldBefore?: boolean;
}
