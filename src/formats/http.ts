import { MemcellError, usageError } from '../errors.js';
import { sha256 } from './checksum.js';
import { invalid, mostJsonBytes, parseModelJson, reasonOf, type StoredModel, type WeightGroup } from './modelJson.js';

/** How long and how much a model that comes over HTTP may take. */
export interface LoadOptions {
  /** Milliseconds in which a server must answer and send the first MiB of a file, and then each further one. Default 30000. */
  timeout?: number;
  /** The most bytes of all files together. Default 2^31. */
  maxBytes?: number;
}

/** For complete(); what they may be is checked where they are used. */
export const LOAD_OPTIONS = { timeout: 'other', maxBytes: 'other' } as const;

const MIB = 2 ** 20;

/** Milliseconds; longer ones would end at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** How often a model is fetched anew because it was replaced meanwhile. */
const MOST_READS = 3;

/**
 * The model at `url`, which names its model.json or the folder that it is in. A query is sent for the weights, too.
 * @throws MemcellError 'io': not reached, another status, cut off, too slow, too large; 'model': not what model.json says
 */
export async function fetchModel(url: string, options: LoadOptions = {}): Promise<StoredModel> {
  const { timeout, maxBytes } = checked(options);
  const base = addressOf(url);
  if (!base.pathname.endsWith('.json')) base.pathname = `${base.pathname.replace(/\/+$/, '')}/model.json`;
  for (let reads = 1; ; reads++) {
    const limits = { timeout, left: maxBytes, maxBytes };
    const where = base.href;
    const readJson = async () => {
      const most = { bytes: mostJsonBytes, why: 'more than any model.json' };
      return new TextDecoder().decode(await get(base, limits, most));
    };
    const text = await readJson();
    const json = parseModelJson(text, where);
    try {
      const data: ArrayBuffer[] = [];
      for (const group of json.groups) data.push(await fetchWeights(base, group, limits));
      return { json, where, data };
    } catch (error) {
      const damaged = error instanceof MemcellError && error.code === 'model';
      if (reads === MOST_READS || !damaged || (await readJson()) === text) throw error;
    }
  }
}

/**
 * The bytes of one file.
 * @throws MemcellError 'io': not reached, another status, cut off, too slow, too large
 */
export async function fetchBytes(url: string, options: LoadOptions = {}): Promise<Uint8Array> {
  const { timeout, maxBytes } = checked(options);
  const limits = { timeout, left: maxBytes, maxBytes };
  return get(addressOf(url), limits, { bytes: maxBytes, why: `more than maxBytes, ${maxBytes} bytes` });
}

function checked({ timeout = 30_000, maxBytes = 2 ** 31 }: LoadOptions): Required<LoadOptions> {
  for (const [name, value] of Object.entries({ timeout, maxBytes })) {
    if (!(value > 0)) throw usageError(`${name} must be a number above 0, not ${value}`);
  }
  return { timeout, maxBytes };
}

function addressOf(url: string): URL {
  let address: URL;
  try {
    address = new URL(url, typeof location === 'undefined' ? undefined : location.href);
  } catch (cause) {
    throw new MemcellError(`${url}: not an address; give a whole one, such as https://example.org/models/digits`, {
      code: 'usage',
      cause,
    });
  }
  return address;
}

interface Limits {
  timeout: number;
  /** Bytes that may still come. */
  left: number;
  maxBytes: number;
}

/** The bytes of a group's files beside the model.json, joined: exactly `group.bytes`. */
async function fetchWeights(base: URL, group: WeightGroup, limits: Limits): Promise<ArrayBuffer> {
  const addresses = group.paths.map((path) => {
    const address = new URL(base);
    address.pathname = base.pathname.replace(/[^/]*$/, () => path);
    return address;
  });
  const parts: Uint8Array[] = [];
  let size = 0;
  for (const address of addresses) {
    const most = {
      bytes: group.bytes - size,
      why: `too long: the weights in model.json are ${group.bytes} bytes`,
    };
    const part = await get(address, limits, most);
    size += part.byteLength;
    parts.push(part);
  }
  const files = addresses.map(({ href }) => href).join(', ');
  if (size < group.bytes) {
    throw invalid(files, `truncated: ${size} bytes, but the weights in model.json are ${group.bytes}`);
  }
  const bytes = joined(parts, size);
  const sum = group.sha256 === undefined ? undefined : await sha256(bytes.buffer);
  if (sum !== undefined && sum !== group.sha256) {
    throw invalid(files, 'damaged: its SHA-256 is not the one in model.json; load it again');
  }
  return bytes.buffer;
}

/** All bytes of a file, within limits of size and time. */
async function get(address: URL, limits: Limits, most: { bytes: number; why: string }) {
  const where = address.href;
  const patience = new Patience(limits.timeout);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    const response = await fetch(address, { signal: patience.signal });
    if (!response.ok) throw failed(where, `HTTP status ${response.status}`);
    const reader = response.body?.getReader();
    for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
      size += next.value.byteLength;
      limits.left -= next.value.byteLength;
      if (size > most.bytes) throw invalid(where, most.why);
      if (limits.left < 0) {
        throw failed(where, `more than maxBytes, ${limits.maxBytes} bytes, for all files`);
      }
      patience.arrived(size);
      chunks.push(next.value);
    }
    return joined(chunks, size);
  } catch (cause) {
    if (cause instanceof MemcellError) throw cause;
    const reason = patience.lost
      ? `too slow: ${size} bytes in ${patience.seconds} s; raise timeout (now ${limits.timeout} ms) if it is only far away`
      : `${reasonOf((cause instanceof Error && cause.cause) || cause)}${size > 0 ? `, after ${size} bytes` : ''}`;
    throw failed(where, reason, cause);
  } finally {
    patience.end();
  }
}

/** Aborts what takes longer than so long for each MiB. */
class Patience {
  lost = false;
  private readonly abort = new AbortController();
  private readonly began = performance.now();
  private timer: ReturnType<typeof setTimeout>;
  private mibs = 1;

  constructor(private readonly timeout: number) {
    this.timer = this.start();
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  get seconds(): string {
    return ((performance.now() - this.began) / 1000).toFixed(1);
  }

  arrived(bytes: number): void {
    if (bytes < this.mibs * MIB) return;
    this.mibs = Math.floor(bytes / MIB) + 1;
    clearTimeout(this.timer);
    this.timer = this.start();
  }

  /** Lets go of the connection, too. */
  end(): void {
    clearTimeout(this.timer);
    this.abort.abort();
  }

  private start(): ReturnType<typeof setTimeout> {
    return setTimeout(
      () => {
        this.lost = true;
        this.abort.abort();
      },
      Math.min(this.timeout, LONGEST_TIMER),
    );
  }
}

function joined(parts: readonly Uint8Array[], size: number) {
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.byteLength;
  }
  return bytes;
}

function failed(where: string, reason: string, cause?: unknown): MemcellError {
  return new MemcellError(`${where}: cannot be fetched: ${reason}`, { code: 'io', cause });
}
