/** The program's entry: kept apart from cli.ts so that tests can call `main` without a process. */
import { basename } from 'node:path';
import { main } from './cli.ts';
import { exitCodes } from './errors.ts';
import { leaveOnInterrupt } from './terminal/leave-on-interrupt.ts';
import { watchOutput } from './terminal/lost-output.ts';

/** Names of older scripts under which the program can be called. */
const verbs: Readonly<Record<string, string>> = { 'mount-extbackup': 'mount', 'umount-extbackup': 'umount' };

const [, calledAs = '', ...words] = process.argv;
const verb = verbs[basename(calledAs)];
watchOutput();
const argv = verb === undefined ? words : [verb, ...words];
leaveOnInterrupt(argv);
process.exitCode = exitCodes.bug; // of a program that ends while it still waits for something
/** Settles when the command has ended and its exit code is set. */
export const ended = main(argv).then((code) => {
  process.exitCode = code;
});
