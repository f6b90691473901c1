import { beforeEach, expect, it, vi } from 'vitest';
import type { UsbEvent } from '../../../src/triggers/usb-library.ts';
import { listenToUsb } from '../../../src/triggers/usb-listener.ts';

const noBus = new Error('/sys/bus/usb/devices/ not found');
const usb = {
  addEventListener: vi.fn<(name: string, listener: (event: UsbEvent) => void) => void>(),
  removeEventListener: vi.fn(),
};

const newsOf = () => ({
  onConnect: vi.fn(),
  onDisconnect: vi.fn(),
  onNoBlockDevice: vi.fn(),
  onNotAuthorized: vi.fn(),
  onUp: vi.fn(),
});
const present = () => Promise.resolve([]);
beforeEach(() => {
  usb.addEventListener.mockClear();
});

it('where USB cannot be listened to, it says so to who asks and starts nothing', async () => {
  const tryIt = () => Promise.reject(noBus);
  await expect(listenToUsb(newsOf(), () => 1, { usb, tryIt, present })).rejects.toBe(noBus);
  expect(usb.addEventListener).not.toHaveBeenCalled();
});

it('what a USB device says of itself is told escaped, and not at any length', async () => {
  const tryIt = () => Promise.resolve();
  const news = newsOf();
  const stop = await listenToUsb(news, () => 1_000_000, { usb, tryIt, present });
  const [, disconnected] = usb.addEventListener.mock.calls.find(([name]) => name === 'disconnect') ?? [];
  for (const serialNumber of ['\u001b[2J\r\nsafe to unplug\u202e', 'x'.repeat(10_000), 'WD-1', null])
    disconnected?.({ device: { bus: '1', ports: [2], serialNumber } });
  await stop();
  expect(news.onDisconnect.mock.calls.map(([, serial]: unknown[]) => serial)).toEqual([
    '\\#033[2J\\#015\\#012safe to unplug\\#342\\#200\\#256',
    'x'.repeat(64),
    'WD-1',
    undefined,
  ]);
});
