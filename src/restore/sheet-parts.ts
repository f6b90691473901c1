/** A part of the sheet: prose, commands to type, or facts as name and value. */
export type Block =
  | { readonly text: string }
  | { readonly commands: string }
  | { readonly facts: readonly (readonly [name: string, value: string])[] };

/** A heading and the parts below it. */
export interface Section {
  readonly heading: string;
  readonly blocks: readonly Block[];
}

/** How to read the disks with the standard tools of any Linux. */
export interface RecoverySheet {
  readonly title: string;
  readonly sections: readonly Section[];
}
