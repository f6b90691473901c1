import { addressName, type Address } from '../config/address.ts';
import { LinkError } from './link-error.ts';
import type { Place } from './ssh.ts';

/** The way on which a server with several addresses was reached. */
export interface Reached {
  /** The address that answered, as in the settings. */
  readonly address: string;
  /** Those that were tried before it, and did not answer. */
  readonly silent: readonly string[];
}

/** Makes a connection; `at` is undefined for a server with one address, which is the host of its source. */
type Connect<T> = (at: Address | undefined, reached: Reached | undefined) => Promise<T>;

/** Tries the addresses of servers in turn. Those that did not answer come last from then on, for the rest of a run. */
export interface Turns {
  /**
   * The first address that answers ends the search, also with a refusal: a wrong host key is never passed over in
   * silence, because another machine answers in place of the server.
   * @throws LinkError of that address, or one that names all addresses when none answers
   */
  take<T>(place: Place, signal: AbortSignal, connect: Connect<T>): Promise<T>;
}

export function createTurns(): Turns {
  const silent = new Set<string>();
  return {
    take: async (place, signal, connect) => {
      const { addresses } = place;
      if (addresses === undefined) return connect(undefined, undefined);
      const inOrder = addresses.toSorted(
        (one, other) => Number(silent.has(addressName(one))) - Number(silent.has(addressName(other))),
      );
      const tried: string[] = [];
      let log = '';
      for (const at of inOrder) {
        const address = addressName(at);
        try {
          const answer = await connect(at, { address, silent: tried });
          silent.delete(address);
          return answer;
        } catch (error) {
          if (!(error instanceof LinkError)) throw error;
          if (error.trouble !== 'network') throw new LinkError(error.trouble, error.log, address);
          silent.add(address);
          tried.push(address);
          log += error.log;
        }
        if (signal.aborted) break;
      }
      throw new LinkError('network', log, tried.join(', '));
    },
  };
}
