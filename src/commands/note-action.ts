import { userInfo } from 'node:os';
import { createActionLog, type ActionRecord } from '../records/action-log.ts';
import type { CliContext } from '../terminal/cli-context.ts';

/** The account of the person who typed the command, also through sudo. */
export const whoTyped = (): string => process.env['SUDO_USER'] ?? userInfo().username;

/** Notes what a person did, for `extbackup history`. A full disk of the station must not make the deed fail. */
export async function noteAction(context: CliContext, action: Omit<ActionRecord, 'at' | 'by'>): Promise<void> {
  try {
    await createActionLog(context.paths).append({ at: new Date().toISOString(), by: whoTyped(), ...action });
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    context.note(`This could not be recorded (${code}); "extbackup history" will not show it.`);
  }
}
