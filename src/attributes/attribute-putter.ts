import type { StartProgram } from '../system/command.ts';
import { parseBlocks, renderBlock, type AttributeBlock } from './attribute-files.ts';
import { withOpenedFiles } from './opened-files.ts';
import { attributesTimeoutMs, inDirectory, readingOpened, someFailed } from './read-attributes.ts';

/** The wanted attributes of a file that is no symbolic link. */
export interface Place {
  /** Below the root; one character for each byte. */
  readonly place: string;
  /** Of the file `.facl` or `.links`. */
  readonly body: string;
  /** Of the file `.fattr`; empty when it had none. */
  readonly extended: string;
}

/** Extended attributes by name, without the ACLs, which setfacl(1) sets. */
const namesIn = (body: string): Map<string, string> =>
  new Map(
    body
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('system.posix_acl_'))
      .map((line) => [line.split('=', 1)[0] ?? '', line]),
  );

/** Sets the attributes of files with the programs that a person would use. */
export class AttributePutter {
  readonly #start: StartProgram;
  readonly #order: {
    readonly root: string;
    readonly onFile: () => void;
    readonly onFailure: (place: string) => void;
  };
  readonly #signal: AbortSignal;

  constructor(
    start: StartProgram,
    order: { readonly root: string; readonly onFile: () => void; readonly onFailure: (place: string) => void },
    signal: AbortSignal,
  ) {
    this.#start = start;
    this.#order = order;
    this.#signal = signal;
  }

  /** Every file must exist inside the root. */
  async put(batch: readonly Place[]): Promise<void> {
    if (batch.length === 0) return;
    const before = await this.#differing(batch);
    const places = [...new Set([...before.acl, ...before.extended])];
    if (places.length === 0) return;
    await this.#restore(
      'facl',
      before.acl.map(({ place, body }) => ({ path: place, body })),
    );
    await this.#removeExtra(places);
    // Also for files whose owner alone differs: chown(2) removes capabilities and setuid bits.
    await this.#restore(
      'fattr',
      places.flatMap(({ place, extended }) => (extended === '' ? [] : [{ path: place, body: extended }])),
    );
    const after = await this.#differing(places);
    const failed = new Set([...after.acl, ...after.extended]);
    for (const one of places)
      if (failed.has(one)) this.#order.onFailure(one.place);
      else this.#order.onFile();
  }

  async #differing(batch: readonly Place[]): Promise<{ acl: Place[]; extended: Place[] }> {
    const [acls, others] = [await this.#read('facl', batch), await this.#read('fattr', batch)];
    const acl = batch.filter(({ place, body }) => acls.get(place) !== body.trimEnd());
    const extended = batch.filter((one) => {
      const [wanted, now] = [namesIn(one.extended), namesIn(others.get(one.place) ?? '')];
      return wanted.size !== now.size || [...wanted].some(([name, line]) => now.get(name) !== line);
    });
    return { acl, extended };
  }

  async #removeExtra(places: readonly Place[]): Promise<void> {
    const now = await this.#read('fattr', places);
    const extra = new Map<string, string[]>();
    for (const { place, extended } of places) {
      const wanted = namesIn(extended);
      for (const name of namesIn(now.get(place) ?? '').keys())
        if (!wanted.has(name)) extra.set(name, [...(extra.get(name) ?? []), place]);
    }
    for (const [name, those] of extra)
      await withOpenedFiles(this.#order.root, those, async ({ names, descriptors }) => {
        const args = [`--remove=${name}`, '--', ...names];
        await this.#start({ file: '/usr/bin/setfattr', args, descriptors, ...this.#manner() });
      });
  }

  async #restore(kind: 'facl' | 'fattr', blocks: readonly AttributeBlock[]): Promise<void> {
    const program =
      kind === 'facl' ? ['/usr/bin/setfacl', '--restore=-'] : ['/usr/bin/setfattr', '--no-dereference', '--restore=-'];
    if (blocks.length > 0)
      await this.#run(program, Buffer.from(blocks.map((block) => renderBlock(kind, block)).join(''), 'latin1'));
  }

  async #read(kind: 'facl' | 'fattr', batch: readonly Place[]): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    const paths = batch.map(({ place }) => place);
    await withOpenedFiles(this.#order.root, paths, async (opened) => {
      const { stdout } = await this.#start({ ...readingOpened(kind, opened), ...this.#manner() });
      for (const { path, body } of parseBlocks(stdout)) found.set(opened.pathOf(path) ?? '', body.trimEnd());
    });
    return found;
  }

  async #run(program: readonly string[], stdin: Buffer): Promise<void> {
    await this.#start({ ...inDirectory(this.#order.root, ...program), stdin, ...this.#manner() });
  }

  #manner(): { timeoutMs: number; accept: readonly number[]; signal: AbortSignal } {
    return { timeoutMs: attributesTimeoutMs, accept: someFailed, signal: this.#signal };
  }
}
