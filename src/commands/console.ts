import { hostname } from 'node:os';
import { Command } from 'commander';
import { consoleScreen } from '../client/console-screen.ts';
import { statusFiles, watchRunDirectory } from '../client/follow-status.ts';
import { readMeasuredStatus } from '../client/read-status.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../errors.ts';
import { coalesce } from '../system/coalesce.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { untilInterrupted } from '../terminal/interrupt.ts';
import { terminalOf } from '../terminal/terminal-style.ts';
import { speakerOf } from '../words/speaker.ts';

/** What a terminal has that does not tell its size, such as a serial line. */
const usual = { columns: 80, rows: 25 };

/** Clears the screen, hides the cursor, and keeps the kernel from switching the screen off (see console_codes(4)). */
const begin = '\u001B[2J\u001B[?25l\u001B[9;0]';
const top = '\u001B[H';

/** Shows the state of the station in big letters on a terminal until it is stopped. Takes no input. */
export function consoleCommand(context: CliContext): Command {
  return new Command('console')
    .description('show the state in big letters on this terminal, for a monitor at the station')
    .option('--once', 'show it once, without clearing the screen')
    .addHelpText(
      'after',
      '\nExample, for a monitor that is connected to the station:\n' +
        '  systemctl enable --now extbackup-console@tty1\n\n' +
        'Back to a login there: systemctl disable --now extbackup-console@tty1',
    )
    .action(async (options: { once?: boolean }) => {
      if (options.once === true) {
        context.print(await screen(context));
        return;
      }
      await show(context);
    });
}

async function screen(context: CliContext): Promise<string> {
  const { columns, rows } = process.stdout;
  const { contact, language } = await settingsOf(context);
  return consoleScreen(await readMeasuredStatus(context.paths), {
    columns: columns > 0 ? columns : usual.columns,
    rows: (rows > 0 ? rows : usual.rows) - 1, // a full last line would scroll
    station: hostname(),
    utf8: terminalOf(process.stdout).utf8,
    contact,
    words: speakerOf(language),
    now: new Date(),
  });
}

async function settingsOf(context: CliContext): Promise<Pick<Config, 'contact' | 'language'>> {
  try {
    return await context.loadConfig();
  } catch (error) {
    if (error instanceof ConfigError) return { contact: '', language: 'en' };
    throw error;
  }
}

async function show(context: CliContext): Promise<void> {
  process.stdout.write(begin);
  await untilInterrupted(async (signal) => {
    await new Promise<void>((resolve, reject) => {
      let shown = '';
      const refresh = coalesce(async () => {
        const content = await screen(context);
        if (content !== shown) process.stdout.write(`${top}${content}`);
        shown = content;
      }, reject);
      const again = (): void => {
        shown = ''; // the terminal has another size
        process.stdout.write('\u001B[2J');
        refresh();
      };
      const watch = watchRunDirectory(context.paths, statusFiles(context.paths), refresh);
      process.stdout.on('resize', again);
      refresh();
      signal.addEventListener(
        'abort',
        () => {
          process.stdout.off('resize', again);
          watch.close().then(resolve, reject);
        },
        { once: true },
      );
    });
  });
}
