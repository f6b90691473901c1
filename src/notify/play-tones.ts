import { open } from 'node:fs/promises';
import type { StartProgram } from '../system/command.ts';
import { pause } from '../system/pause.ts';
import type { Tone } from './signal-patterns.ts';

/** From linux/input-event-codes.h: events for sound, a tone in Hz. */
const [evSnd, sndTone] = [0x12, 0x02];

/** One struct input_event; the kernel ignores its time. */
export function toneEvent(hertz: number, arch: string = process.arch): Buffer {
  const timeBytes = arch === 'arm' || arch === 'ia32' ? 8 : 16;
  const event = Buffer.alloc(timeBytes + 8);
  event.writeUInt16LE(evSnd, timeBytes);
  event.writeUInt16LE(sndTone, timeBytes + 2);
  event.writeInt32LE(hertz, timeBytes + 4);
  return event;
}

/** Plays tones by the PC speaker; however it ends, the speaker is silent then. */
export async function beep(device: string, tones: readonly Tone[], signal: AbortSignal): Promise<void> {
  if (tones.length === 0) return;
  const speaker = await open(device, 'w');
  try {
    for (const [hertz, ms] of tones) {
      if (signal.aborted) break;
      await speaker.write(toneEvent(hertz));
      await pause(ms, signal);
      await speaker.write(toneEvent(0));
    }
  } finally {
    await speaker.write(toneEvent(0)).catch(() => undefined);
    await speaker.close();
  }
}

const samplesPerSecond = 8_000;

/** The same as sound samples: one unsigned byte each, a square wave of moderate loudness. */
export function samplesOf(tones: readonly Tone[]): Buffer {
  return Buffer.concat(
    tones.map(([hertz, ms]) =>
      Buffer.from(
        Array.from({ length: Math.round((ms * samplesPerSecond) / 1000) }, (_, index) =>
          hertz === 0 ? 128 : Math.floor((index * 2 * hertz) / samplesPerSecond) % 2 === 0 ? 160 : 96,
        ),
      ),
    ),
  );
}

/** Plays tones by the sound card. @throws CommandError */
export async function playSamples(start: StartProgram, tones: readonly Tone[], signal: AbortSignal): Promise<void> {
  if (tones.length === 0) return;
  await start({
    file: '/usr/bin/aplay',
    args: ['--quiet', '--file-type', 'raw', '--format', 'U8', '--rate', String(samplesPerSecond), '-'],
    stdin: samplesOf(tones),
    timeoutMs: 20_000,
    signal,
  });
}
