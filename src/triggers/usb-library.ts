import { usb as library, WebUSB } from 'usb';

/** The library's real objects: its published type is WebUSB's, which has neither bus nor ports. */
export interface UsbEvent {
  readonly device: {
    /** Number of the bus, for example "001". */
    readonly bus: string;
    /** Ports on the way from the root hub. */
    readonly ports: readonly number[];
    readonly serialNumber: string | null;
  };
}

/** A source of events about USB devices. */
export interface UsbEvents {
  addEventListener(type: 'connect' | 'disconnect', listener: (event: UsbEvent) => void): void;
  removeEventListener(type: 'connect' | 'disconnect', listener: (event: UsbEvent) => void): void;
}

/** Hot-plug events of the USB library. Only this file imports it, because it is a native module. */
export const usb = library as unknown as UsbEvents;

/**
 * Tries to listen for a moment. The library starts to listen asynchronously, where an error would end the process: on a
 * kernel without a USB bus, or without permission. @throws that error
 */
export async function tryToListen(): Promise<void> {
  await new Trial({ allowAllDevices: true }).listen();
}

class Trial extends WebUSB {
  async listen(): Promise<void> {
    await this.getDevices();
    await this.nativeEmitter.addAttach(() => undefined);
    await this.nativeEmitter.removeAttach();
  }
}
