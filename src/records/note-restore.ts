import type { DriveRegistry } from './drive-registry.ts';

/** Notes that files were restored from a disk, without a fault. */
export async function noteRestore(registry: DriveRegistry, label: string, at: Date): Promise<void> {
  await registry.update((drives) =>
    drives.map((drive) => (drive.label === label ? { ...drive, restoredAt: at.toISOString() } : drive)),
  );
}
