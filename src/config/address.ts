import { isIPv6 } from 'node:net';
import * as z from 'zod';

/** A host and a port that a connection leads to. */
export interface Address {
  /** A name, or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
}

const addressPattern =
  /^(?:\[(?<bracketed>[0-9a-fA-F:.]+(?:%[A-Za-z0-9._-]+)?)\]|(?<name>[A-Za-z0-9_][A-Za-z0-9._-]*))(?::(?<port>\d{1,5}))?$/;

/** One entry of `addresses:`. */
export const addressText = z
  .string()
  .refine(
    (text) => parseAddress(text, 22) !== undefined,
    'must be HOST or HOST:PORT; an IPv6 address with a port needs brackets: [2001:db8::1]:2222',
  );

/**
 * Splits `HOST[:PORT]`, `[IPV6][:PORT]` or a plain IPv6 address.
 * @param port where the text names none
 * @returns undefined for any other text
 */
export function parseAddress(text: string, port: number): Address | undefined {
  if (isIPv6(text)) return { host: text, port };
  const groups = addressPattern.exec(text)?.groups;
  if (!groups) return undefined;
  const { bracketed, name, port: digits } = groups;
  if (bracketed !== undefined && !isIPv6(bracketed)) return undefined;
  const [host, number] = [bracketed ?? name, digits === undefined ? port : Number(digits)];
  return host !== undefined && number >= 1 && number <= 65_535 ? { host, port: number } : undefined;
}

/** Without the brackets around an IPv6 address. */
export const bareHost = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

/** `HOST`, `HOST:PORT` or `[IPV6]:PORT`, for people; port 22 is left out. */
export function addressName({ host, port }: Address): string {
  if (port === 22) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The name under which ssh looks up a host key in known_hosts. */
export function knownName({ host, port }: Address): string {
  return port === 22 ? bareHost(host) : `[${bareHost(host)}]:${port}`;
}
