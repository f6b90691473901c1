/** The program's entry: kept apart from cli.ts so that tests can call `main` without a process. */
import { main } from './cli.ts';

process.exitCode = await main(process.argv.slice(2));
