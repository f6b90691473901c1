import type { DriveRegistry } from './drive-registry.ts';

/** Notes that files were restored from a disk without a fault: what a person wanted, or the sample of a drill. */
export async function noteRestore(
  registry: DriveRegistry,
  label: string,
  kind: 'restoredAt' | 'drilledAt',
  at: Date,
): Promise<void> {
  await registry.update((drives) =>
    drives.map((drive) => (drive.label === label ? { ...drive, [kind]: at.toISOString() } : drive)),
  );
}
