import type { RotationSetting } from '../config/rotation-setting.ts';
import type { DriveStatus } from '../protocol/status.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { withUnrecorded } from '../records/unrecorded-runs.ts';
import { copyFrom, planRotation } from '../records/rotation.ts';
import { files, type Paths } from '../system/paths.ts';

/**
 * The same disks with their place in the rotation as of now: time has passed since the agent wrote it, and the clock may
 * have been set.
 */
export async function placedAnew(
  paths: Paths,
  drives: readonly DriveStatus[],
  rotation: RotationSetting,
  now: Date,
): Promise<DriveStatus[]> {
  const { drives: records } = await withUnrecorded(
    createDriveRegistry(files.drives(paths)),
    files.unrecordedRuns(paths),
  ).read();
  const present = new Set(drives.filter((drive) => drive.present).map(({ label }) => label));
  const places = planRotation(records, rotation, now, present);
  return drives.map((drive) => {
    const record = records.find(({ luksUuid }) => luksUuid === drive.luksUuid);
    if (record === undefined) return drive;
    const placed = { ...drive, ...places.get(record.label) };
    delete placed.copyFrom; // of the earlier time
    return { ...placed, ...copyFrom(record, now) };
  });
}
