import { InvalidArgumentError } from 'commander';

const units: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/**
 * A size like 64M as bytes.
 * @throws InvalidArgumentError
 */
export function toBytes(text: string): number {
  const [, number, unit] = /^(\d+)([KMG])$/i.exec(text) ?? [];
  const factor = units[unit?.toUpperCase() ?? ''];
  if (number === undefined || factor === undefined)
    throw new InvalidArgumentError('It must be a number with K, M or G.');
  return Number(number) * factor;
}
