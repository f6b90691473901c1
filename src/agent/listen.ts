import type { Bus } from '../bus/bus.ts';
import { messageOf } from '../errors.ts';
import type { Paths } from '../system/paths.ts';
import { watchConfigFile } from '../triggers/config-file.ts';
import { watchKeyFile } from '../triggers/key-file.ts';
import { watchSpool, type Stop } from '../triggers/spool.ts';
import { listenToUsb, type UsbNews } from '../triggers/usb-listener.ts';
import { createPollingNews } from './polling-news.ts';
import type { Supervisor } from './supervisor.ts';

/** The receivers of the triggers' news. */
export interface TriggerParts {
  readonly paths: Paths;
  readonly bus: Bus;
  readonly supervisor: Supervisor;
  readonly usbNews: UsbNews;
  readonly warnAfterMs: () => number;
  readonly onRestart: () => void;
  readonly onConfig: () => void;
  /** A command has opened, closed or enrolled a disk. */
  readonly onDrives: () => void;
  readonly onVolumes: () => void;
}

/** Starts the four triggers: spool, key file, settings file, USB. */
export async function startTriggers({
  paths,
  bus,
  supervisor,
  usbNews,
  warnAfterMs,
  onRestart,
  onConfig,
  onDrives,
  onVolumes,
}: TriggerParts): Promise<Stop[]> {
  const usb = await startUsb(() => listenToUsb(usbNews, warnAfterMs), bus);
  const polling = createPollingNews(bus);
  const onKey = (): void => {
    supervisor.keyChanged();
  };
  const key = await watchKeyFile(paths, onKey, polling('key'));
  const config = await watchConfigFile(paths.config, onConfig, polling('settings'));
  const spool = await watchSpool(paths, {
    onNote: (note) => {
      if (note.kind === 'request') supervisor.request(note.request);
      else if (note.kind === 'restart') onRestart();
      else if (note.kind === 'nudge' && note.about === 'key') supervisor.keyChanged();
      else {
        supervisor.refresh();
        if (note.kind === 'nudge') onDrives();
        else onVolumes();
      }
    },
    onRejected: (reason) => {
      bus.emit('spool:rejected', { reason });
    },
    onPolling: polling('spool'),
  });
  return [usb, key, config, spool];
}

/** Without USB events, for example on a machine without USB, udev's notes and requests are still served. */
async function startUsb(start: () => Promise<Stop>, bus: Bus): Promise<Stop> {
  try {
    return await start();
  } catch (error) {
    bus.emit('warning:raised', {
      about: 'usb',
      reason: `USB cannot be listened to: ${messageOf(error)}.`,
      todo: 'udev still reports disks; a disk that fails to start is not reported.',
    });
    return () => Promise.resolve();
  }
}
