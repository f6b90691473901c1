/** The processors that the package is built for. Everything else that depends on the processor is looked up here. */
export const architectures = {
  amd64: { node: 'x64', usbPackage: '@node-usb/usb-linux-x64-gnu', elfMachine: 62 },
  arm64: { node: 'arm64', usbPackage: '@node-usb/usb-linux-arm64-gnu', elfMachine: 183 },
} as const;

/** Debian's name of a processor. */
export type Architecture = keyof typeof architectures;

/** The file of the `usb` library's binary in its npm package, and beside our program. */
export const usbFile = (architecture: Architecture): string =>
  `${architectures[architecture].usbPackage.replace('@node-usb/usb-', 'usb.')}.node`;

/** @throws when the name is not one of {@link architectures} */
export function parseArchitecture(name: string): Architecture {
  if (Object.hasOwn(architectures, name)) return name as Architecture;
  throw new Error(`No package is made for "${name}". Known: ${Object.keys(architectures).join(', ')}.`);
}

/** Debian's name of the processor of this machine. Throws where no package is made for it. */
export function hostArchitecture(): Architecture {
  const [name] = Object.entries(architectures).find(([, { node }]) => node === process.arch) ?? [process.arch];
  return parseArchitecture(name);
}
