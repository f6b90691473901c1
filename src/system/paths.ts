/** All paths. Only the configuration file can be elsewhere (`--config`); tests pass a tree of their own. */
export interface Paths {
  /** Settings, mode 0600, owned by root. */
  readonly config: string;
  /** Salt, encrypted ssh key, pinned host keys. */
  readonly etc: string;
  /** Enrolled disks and past runs. */
  readonly state: string;
  /** Spool, status, replies, locks: gone with a reboot. */
  readonly run: string;
  /** ramfs with the keys. */
  readonly ramfs: string;
  /** Mount point of the opened disk. */
  readonly plaintext: string;
}

/** The paths that users and scripts rely on; see extbackup(8), FILES. */
export const defaultPaths: Paths = {
  config: '/etc/extbackup/config.yaml',
  etc: '/etc/extbackup',
  state: '/var/lib/extbackup',
  run: '/run/extbackup',
  ramfs: '/mnt/ramfs',
  plaintext: '/mnt/plaintext',
};

/** Files below {@link Paths}. */
export const files = {
  salt: (paths: Paths) => `${paths.etc}/salt`,
  knownHosts: (paths: Paths) => `${paths.etc}/known_hosts`,
  /** The LUKS key in RAM: 128 hex digits, no newline. */
  luksKey: (paths: Paths) => `${paths.ramfs}/luks_pw`,
  spool: (paths: Paths) => `${paths.run}/spool`,
  rejectedSpool: (paths: Paths) => `${paths.run}/rejected`,
  replies: (paths: Paths) => `${paths.run}/replies`,
  status: (paths: Paths) => `${paths.run}/status.json`,
  /** The state for `extbackup check` of other users, if the settings allow it. */
  checkState: (paths: Paths) => `${paths.run}-check/state.json`,
  attaches: (paths: Paths) => `${paths.run}/attaches.json`,
  /** Reports about plugged disks without a LUKS volume. */
  toldUsb: (paths: Paths) => `${paths.run}/told-usb.json`,
  /** What extbackup-signal@test.service found. */
  signalAnswer: (paths: Pick<Paths, 'run'>) => `${paths.run}/signal-answer`,
  /** The end of the present pause. */
  pause: (paths: Paths) => `${paths.run}/pause.json`,
  /** The lock of every program that opens or closes disks. */
  deviceLock: (paths: Paths) => `${paths.run}/device.lock`,
  /** There while dpkg removes the package; written by its prerm. */
  removing: (paths: Paths) => `${paths.run}/removing`,
  agentLock: (paths: Paths) => `${paths.run}/agent.lock`,
  keyLock: (paths: Paths) => `${paths.run}/key.lock`,
  /** The format of the records, and the version that wrote it. */
  dataFormat: (paths: Paths) => `${paths.state}/format.json`,
  drives: (paths: Paths) => `${paths.state}/drives.json`,
  /** The run that has begun and not ended. */
  begunRun: (paths: Paths) => `${paths.state}/begun-run.json`,
  /** Ends of runs that could not be written into the list of disks. */
  unrecordedRuns: (paths: Paths) => `${paths.run}/unrecorded-runs.json`,
  runs: (paths: Paths) => `${paths.state}/runs.jsonl`,
  /** What people did: approvals, rollbacks, restores, drills. */
  actions: (paths: Paths) => `${paths.state}/actions.jsonl`,
  /** The agent's memory of the rotation: its warnings, and the last offline copy. */
  rotation: (paths: Paths) => `${paths.state}/rotation.json`,
  /** The USB port and case in which each enrolled disk was last seen. */
  usbSightings: (paths: Paths) => `${paths.state}/usb-sightings.json`,
  /** How fast the link to each server is. */
  linkSpeeds: (paths: Paths) => `${paths.state}/link-speeds.json`,
  /** The confirmation that the recovery sheet was printed, with the fingerprint of its salt. */
  saltCopy: (paths: Paths) => `${paths.state}/salt-copy.json`,
  /** The files of a set-up made by hand that `setup --adopt` copied. */
  oldFiles: (paths: Paths) => `${paths.state}/old-files.json`,
  /** Times of the reminders about the station itself. */
  reminders: (paths: Paths) => `${paths.state}/reminders.json`,
  /** When the report was last sent. */
  reported: (paths: Paths) => `${paths.state}/reported.json`,
  /** The page of the last report that was sent. */
  report: (paths: Paths) => `${paths.state}/report.html`,
  /** The findings of the agent's last weekly check of the station. */
  checks: (paths: Paths) => `${paths.state}/checks.json`,
  /** There since rsync ran in its box for the first time. */
  confined: (paths: Paths) => `${paths.state}/confined`,
  /** How far measured time is. */
  time: (paths: Paths) => `${paths.state}/time.json`,
  /** The count of programs killed for lack of memory under the last agent; written after its end by `release`. */
  lastEnd: (paths: Paths) => `${paths.run}/last-end.json`,
  /** Undelivered notices. */
  outbox: (paths: Paths) => `${paths.state}/outbox`,
} as const;
