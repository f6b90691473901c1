import { driveRecordSchema, sealPath } from '../../src/records/drive-record.ts';
import { FakeMachine } from './fake-machine.ts';

const [label, luksUuid, generation] = ['BACKUP_1', 'uuid-1', 4];
export const sealedId = '3f0c5a52-52c1-4a53-9a57-0c0d6f7d9d11';

/** The registry's record of disk BACKUP_1, which had no run yet. */
export const record = driveRecordSchema.parse({
  ...{ label, luksUuid, sealedId, generation },
  enrolledAt: '2026-01-01T00:00:00Z',
});

/** A machine with that disk plugged in. */
export function machineWithDisk(): FakeMachine {
  const machine = new FakeMachine();
  machine.inside.set('LABEL', label);
  machine.inside.set(sealPath, JSON.stringify({ version: 1, sealedId, luksUuid, label, generation }));
  return machine;
}
