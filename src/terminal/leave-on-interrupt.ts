import { exitCodes } from '../errors.ts';
import { isClaimed } from './interrupt.ts';

/** Commands that only look, with the words that make them change something. */
const onlyLook: Readonly<Record<string, readonly string[]>> = {
  status: [],
  history: [],
  check: [],
  report: [],
  doctor: ['--fix'],
  config: ['set'],
  'drive list': [],
};

/** Commands of units, which end in their own way. */
const ofUnits: readonly string[] = ['agent', 'courier', 'console'];

/** What Ctrl-C leaves behind of a command that does not end in order by itself. */
export function wordsAfterInterrupt(argv: readonly string[]): string {
  const words = argv.filter((word) => !word.startsWith('-'));
  const looks = onlyLook[words[0] ?? ''] ?? onlyLook[words.slice(0, 2).join(' ')];
  if (looks !== undefined && !argv.some((word) => looks.includes(word))) return 'Interrupted. Nothing was changed.';
  return 'Interrupted before its end; what was done stays.\nCall it again to complete it. The state of the disks: extbackup status';
}

/** Ends the program with 130 on Ctrl-C, and says what that means, unless its work ends in order by itself. */
export function leaveOnInterrupt(argv: readonly string[]): void {
  if (ofUnits.includes(argv[0] ?? '')) return;
  process.on('SIGINT', () => {
    if (isClaimed()) return;
    process.stderr.write(`\n${wordsAfterInterrupt(argv)}\n`);
    process.exit(exitCodes.cancelled); // children are ended by the handlers of exit
  });
}
