import type { DriveRegistry } from './drive-registry.ts';

/** Notes a restore without a fault: of the files that a person asked for, or of a drill's sample. */
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
