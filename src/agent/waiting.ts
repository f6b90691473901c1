/** Plugged disks whose run starts when the server answers, or when a command or a person has closed them. */
import type { Bus } from '../bus/bus.ts';
import type { Failure } from '../bus/events.ts';
import { exitCodes } from '../errors.ts';
import { waitsForServer } from '../rsync/failure.ts';
import { asksServer, type Attach } from './attach-board.ts';

/** First and longest interval between questions to the server; it doubles each time. A question costs one connection. */
const firstPauseMs = 60_000;
const longestPauseMs = 10 * 60_000;

/** A shorter wait for a command is not reported. */
const worthTellingMs = 30_000;

/** Lets a disk wait for its server, each time twice as long. `happened`: the trouble with the server. */
export function waitForServer(attach: Attach, happened: string, now = performance.now()): void {
  attach.state = 'waiting-for-server';
  attach.message = `${happened} ${untilItAnswers}`;
  askAgain(attach, now);
}

/** The same for a disk that is also held: it stays held, because a person has to answer for the other sources. */
export function waitWhileHeld(attach: Attach, happened: string, now = performance.now()): void {
  attach.state = 'held';
  attach.message = `${happened} ${othersGoOn}`;
  askAgain(attach, now);
}

function askAgain(attach: Attach, now: number): void {
  const pauseMs = Math.min(longestPauseMs, (attach.waitedMs ?? firstPauseMs / 2) * 2);
  attach.waitedMs = pauseMs;
  attach.againAt = now + pauseMs;
}

/** Makes a disk wait for its server after a run that goes on by itself; other sources may need a person. */
export function waitAfter({ code, exitCode, happened, todo }: Failure, attach: Attach): void {
  const wait = exitCode === exitCodes.held ? waitWhileHeld : waitForServer;
  wait(attach, waitsForServer(code) ? happened : `${happened} ${todo}`);
}

/** Only for a closed disk; for an open one, the status names the user of the disk. */
export const untilItAnswers =
  'Leave it plugged in: it goes on by itself when the server answers. It is closed until then.';

/** The same for a disk that is also held. */
export const othersGoOn =
  'Leave it plugged in: the sources whose server was away go on by themselves when it answers. It is closed until then.';

/** Whether it is time to ask the server again; always after a restart of the agent. */
export const isDue = (attach: Attach, now = performance.now()): boolean =>
  asksServer(attach) && now >= (attach.againAt ?? 0);

/** Milliseconds until the next question is due; undefined when no disk waits, or all servers are being asked. */
export function nextDueIn(attaches: readonly Attach[], now = performance.now()): number | undefined {
  const times = attaches
    .filter(asksServer)
    .map(({ againAt = 0 }) => againAt)
    .filter(Number.isFinite);
  return times.length === 0 ? undefined : Math.max(0, Math.min(...times) - now);
}

/**
 * Asks whether the server of a waiting disk answers, before the disk is opened. Returns at once; asks once at
 * a time. Any answer starts the run, which also reports a refusal.
 * @param answers must not throw
 * @param onEnd called when the state of the disk has changed
 */
export function askServer(attach: Attach, answers: () => Promise<boolean>, onEnd: () => void): void {
  attach.againAt = Infinity;
  void answers().then((isBack) => {
    if (!asksServer(attach)) return; // a run was requested meanwhile
    if (isBack) attach.state = 'new';
    else if (attach.state === 'held') askAgain(attach, performance.now());
    else waitForServer(attach, 'The server does not answer.');
    onEnd();
  });
}

/** Makes a disk wait for a command or a person. A reason that lasts is reported once. */
export function waitForDevice(attach: Attach, reason: string, bus: Bus, now = performance.now()): void {
  if (attach.state !== 'waiting-for-device') attach.waitsSince = now;
  attach.state = 'waiting-for-device';
  attach.message = `${reason} Leave it plugged in: the run starts by itself when that has ended.`;
  const told = (attach.toldReasons ??= new Set());
  if (told.has(reason) || now - (attach.waitsSince ?? now) < worthTellingMs) return;
  told.add(reason);
  bus.emit('drive:waiting', { drive: attach.drive ?? '', reason });
}

/** Milliseconds until the next check whether the disk is free: most commands end soon, some last for hours. */
export const deviceAgainMs = ({ waitsSince }: Attach, now = performance.now()): number =>
  now - (waitsSince ?? now) < 2 * worthTellingMs ? 2_000 : 15_000;
