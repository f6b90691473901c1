/** Shannon entropy in bits per byte: 0 for one value only, near 8 for encrypted, compressed or random bytes. */
export function entropyOf(bytes: Uint8Array): number {
  if (bytes.length === 0) return 0;
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte] = (counts[byte] ?? 0) + 1;
  let sum = 0;
  for (const count of counts) if (count > 0) sum += count * Math.log2(count);
  return Math.max(0, Math.log2(bytes.length) - sum / bytes.length);
}

/** Smallest sample for a statement about randomness, in bytes. */
const fewestBytes = 512;

/** Whether the bytes look random, as the output of a cipher does. */
export function looksRandom(bytes: Uint8Array): boolean {
  if (bytes.length < fewestBytes) return false;
  // A sample of n bytes falls short of 8 bits even if it is perfectly random (Miller and Madow).
  const expected = 8 - 255 / (2 * bytes.length * Math.LN2);
  // Measured over thousands of samples of each size: at most 84/n bits less.
  return entropyOf(bytes) > expected - 100 / bytes.length - 0.01;
}
