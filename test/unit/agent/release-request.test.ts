import { expect, it } from 'vitest';
import { sayReleased } from '../../../src/agent/release-request.ts';

it('calls a disk safe to unplug only when the agent does not open it again by itself', () => {
  expect(sayReleased([], [])).toBe('Nothing was open. Safe to unplug.');
  expect(sayReleased(['extbackup-BACKUP_1'], [])).toBe('Closed: extbackup-BACKUP_1. Safe to unplug.');
  expect(sayReleased([], ['BACKUP_1'])).toMatch(
    /^Nothing was open\. Leave .* BACKUP_1 is closed now, and will be opened again/,
  );
  expect(sayReleased([], ['BACKUP_1'])).not.toMatch(/safe to unplug/i);
});
