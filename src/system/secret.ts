import { inspect } from 'node:util';

/**
 * Bytes that turn into "[secret]" wherever a value becomes text: log, JSON, template string, inspect.
 * `wipe()` overwrites them; the garbage collector would only forget them.
 */
export class Secret {
  readonly #bytes: Buffer;

  /** Takes ownership of `bytes`: they are overwritten by {@link wipe}. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The bytes themselves, not a copy. */
  reveal(): Buffer {
    return this.#bytes;
  }

  /** Overwrites the bytes with zeros. The secret is useless afterwards. */
  wipe(): void {
    this.#bytes.fill(0);
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}
