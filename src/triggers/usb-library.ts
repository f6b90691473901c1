import { usb as library } from 'usb';

/** What the library really hands out: its published type is WebUSB's, which knows no bus and no ports. */
export interface UsbEvent {
  readonly device: {
    /** Number of the bus, for example "001". */
    readonly bus: string;
    /** Ports on the way from the root hub. */
    readonly ports: readonly number[];
    readonly serialNumber: string | null;
  };
}

interface UsbEvents {
  addEventListener(type: 'connect' | 'disconnect', listener: (event: UsbEvent) => void): void;
  removeEventListener(type: 'connect' | 'disconnect', listener: (event: UsbEvent) => void): void;
}

/** Hot-plug news of the USB library. The one place that imports it, for it brings a native module. */
export const usb = library as unknown as UsbEvents;
