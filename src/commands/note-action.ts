import { userInfo } from 'node:os';
import { createActionLog, type ActionRecord } from '../records/action-log.ts';
import type { CliContext } from '../terminal/cli-context.ts';

/** The account of the person who typed the command, also through sudo. */
export const whoTyped = (): string => process.env['SUDO_USER'] ?? userInfo().username;

/** Notes the action of a person for `extbackup history`. If the station's disk is full, only the note is lost. */
export async function noteAction(context: CliContext, action: Omit<ActionRecord, 'at' | 'by'>): Promise<void> {
  try {
    await createActionLog(context.paths).append({ at: new Date().toISOString(), by: whoTyped(), ...action });
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    context.note(`This could not be recorded (${code}); "extbackup history" will not show it.`);
  }
}
