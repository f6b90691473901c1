import { expect, it, vi } from 'vitest';
import { listenToUsb } from '../../../src/triggers/usb-listener.ts';

const noBus = new Error('/sys/bus/usb/devices/ not found');
const addEventListener = vi.hoisted(() => vi.fn());

vi.mock('../../../src/triggers/usb-library.ts', () => ({
  usb: { addEventListener },
  tryToListen: () => Promise.reject(noBus),
}));

it('where USB cannot be listened to, it says so to who asks and starts nothing', async () => {
  const news = { onConnect: vi.fn(), onDisconnect: vi.fn(), onNoBlockDevice: vi.fn(), onUp: vi.fn() };
  await expect(listenToUsb(news, () => 1)).rejects.toBe(noBus);
  expect(addEventListener).not.toHaveBeenCalled();
});
