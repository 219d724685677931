import { InvalidArgumentError } from 'commander';

/** Where a page is served; port 0: one that is free. */
export interface LiveAddress {
  host: string;
  port: number;
}

/** Nobody but this machine reaches it. */
const own = '127.0.0.1';

/** PORT, HOST:PORT or [IPV6]:PORT. */
export function parseLive(text: string): LiveAddress {
  const match = /^(?:(\[[\da-f:.]+\]|[^:[\]\s]+):)?(\d{1,5})$/i.exec(text.trim());
  const port = Number(match?.[2] ?? Number.NaN);
  if (match === null || port > 65_535) {
    throw new InvalidArgumentError('It must be a port from 0 to 65535, or HOST:PORT.');
  }
  return { host: match[1]?.replace(/^\[|\]$/g, '') ?? own, port };
}

/** What --live stands for without a value. */
export const anyPort: LiveAddress = { host: own, port: 0 };
