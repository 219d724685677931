/** The web server of `memcell train --live`: one page, the events that it listens to, and its stop button. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MemcellError } from '../errors.js';
import type { LiveAddress } from './liveAddress.js';

export interface LiveServer {
  /** 'http://127.0.0.1:54321/' */
  url: string;
  /** Whether a page is open. */
  readonly watched: boolean;
  /** Sends an event to every page, and to those that are opened later. */
  send(event: string, data: unknown): void;
  /** Sends the last event, waits until the pages have it, and ends. */
  end(event: string, data: unknown): Promise<void>;
}

/** What is served, and what becomes of a press of the stop button. */
export interface Served {
  page(token: string): string;
  /** The scripts that may run in the page; no others do. */
  scripts: readonly string[];
  onOpened(): void;
  onStop(): void;
}

/** Milliseconds that pages have to take the last event. */
const lastWait = 10_000;

/** Bytes that wait for a page, such as one that a browser has put to sleep. */
const mostWaiting = 4_000_000;

/** Milliseconds after which an open connection gets a sign of life. */
const signOfLife = 15_000;

/**
 * Serves until `end`. Requests must name this server as their host, so that no other site reaches it under a name of its own
 * that leads here; what stops must come from the page itself, and show the token that only the page has.
 * @throws MemcellError (io) for a port that is taken, or an address that this machine does not have
 */
export async function serveLive(
  address: LiveAddress,
  { page, scripts, onOpened, onStop }: Served,
): Promise<LiveServer> {
  const [{ createServer }, { createHash, randomBytes, timingSafeEqual }] = await Promise.all([
    import('node:http'),
    import('node:crypto'),
  ]);
  const token = randomBytes(24).toString('base64url');
  const run = randomBytes(8).toString('hex');
  const allowed = scripts.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`).join(' ');
  const headers = {
    'content-security-policy': `default-src 'none'; script-src ${allowed}; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
  const open = new Set<ServerResponse>();
  /** The newest of each event, for pages that are opened later. */
  const newest = new Map<string, string>();

  const answer = (response: ServerResponse, status: number, text: string, type = 'text/plain') => {
    response.writeHead(status, { ...headers, 'content-type': `${type}; charset=utf-8` });
    response.end(text);
  };
  const listen = (response: ServerResponse) => {
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' });
    response.write(`event: run\ndata: ${run}\n\n${[...newest.values()].join('')}`);
    open.add(response);
    response.on('close', () => open.delete(response));
    onOpened();
  };
  const hasToken = (request: IncomingMessage) => {
    const given = Buffer.from(String(request.headers['x-memcell-token'] ?? ''));
    return given.length === token.length && timingSafeEqual(given, Buffer.from(token));
  };
  const server = createServer((request, response) => {
    const { method, url: path, headers: sent } = request;
    request.resume();
    if (!isOwnHost(sent.host, address.host, port())) return answer(response, 403, 'this server has another name\n');
    if (path === '/' && method === 'GET') return answer(response, 200, page(token), 'text/html');
    if (isForeign(sent)) return answer(response, 403, 'another site may not ask for this\n');
    if (path === '/events' && method === 'GET') return listen(response);
    if (path !== '/stop') return answer(response, 404, 'nothing is here\n');
    if (method !== 'POST') return answer(response, 405, 'POST stops the training\n');
    if (!hasToken(request)) return answer(response, 403, 'the token is not that of the page: load the page anew\n');
    onStop();
    return answer(response, 202, 'stopping\n');
  });
  const port = () => (server.address() as AddressInfo | null)?.port;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refused(error, address)));
    server.listen(address.port, address.host, resolve);
  });
  const alive = setInterval(() => {
    for (const response of open) response.write(':\n\n');
  }, signOfLife);
  alive.unref();
  const send = (event: string, data: unknown) => {
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    newest.set(event, text);
    for (const response of open) {
      // A page that takes nothing connects anew once it does, and gets the newest.
      if (response.writableLength > mostWaiting) response.destroy();
      else response.write(text);
    }
  };
  let ending: Promise<void> | undefined;
  const finish = async (event: string, data: unknown) => {
    send(event, data);
    clearInterval(alive);
    const until = performance.now() + lastWait;
    while (open.size > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
    server.close();
    server.closeAllConnections();
  };
  return {
    url: `http://${shownHost(address.host)}:${port()}/`,
    get watched() {
      return open.size > 0;
    },
    send,
    end: (event, data) => {
      ending ??= finish(event, data);
      return ending;
    },
  };
}

const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Whether a request names this server: as it was asked to listen, as loopback, or, where it listens on others, by any number
 * of an address. A name that somebody else may lead here is none of them.
 */
function isOwnHost(sent: string | undefined, host: string, port: number | undefined): boolean {
  const match = /^(\[[\da-f:.]+\]|[^:]+)(?::(\d+))?$/i.exec(sent ?? '');
  if (match === null || Number(match[2] ?? 80) !== port) return false;
  const name = match[1].toLowerCase();
  if (loopback.has(name) || name === shownHost(host).toLowerCase()) return true;
  return !isLoopback(host) && /^(\[.*\]|\d+\.\d+\.\d+\.\d+)$/.test(name);
}

/** Whether a browser says that a page of another site asks. */
function isForeign({ origin, host, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  if (origin !== undefined && origin !== `http://${host}`) return true;
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}

export function isLoopback(host: string): boolean {
  return loopback.has(shownHost(host)) || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function shownHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function refused({ code, message }: NodeJS.ErrnoException, { host, port }: LiveAddress): MemcellError {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'the port is taken by another program; give another one, or none for one that is free',
    EACCES: 'the port may not be used here; give one above 1023, or none for one that is free',
    EADDRNOTAVAIL: 'this machine does not have the address; give one of its own',
    ENOTFOUND: 'the host is not known; give an address of this machine',
  };
  return new MemcellError(`--live ${shownHost(host)}:${port}: ${reasons[code ?? ''] ?? message}`, { code: 'io' });
}
