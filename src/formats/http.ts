import { MemcellError } from '../errors.js';
import { sha256 } from './checksum.js';
import { invalid, reasonOf, type WeightGroup } from './modelJson.js';

/** The text of the model.json at `url`, which names that file or the folder it is in. */
export async function fetchModelJson(url: string): Promise<{ text: string; where: string }> {
  const where = url.endsWith('.json') ? url : `${url.replace(/\/+$/, '')}/model.json`;
  const response = await get(where);
  return { text: await response.text(), where };
}

/** The bytes of a group's files beside the model.json at `where`, joined: exactly `group.bytes`. */
export async function fetchWeights(where: string, group: WeightGroup): Promise<ArrayBuffer> {
  const folder = where.slice(0, where.lastIndexOf('/') + 1);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (const path of group.paths) {
    const response = await get(folder + path);
    for await (const chunk of parts(response)) {
      size += chunk.byteLength;
      if (size > group.bytes)
        throw invalid(folder + path, `too long: the weights in model.json are ${group.bytes} bytes`);
      chunks.push(chunk);
    }
  }
  const files = group.paths.map((path) => folder + path).join(', ');
  if (size < group.bytes) {
    throw invalid(files, `truncated: ${size} bytes, but the weights in model.json are ${group.bytes}`);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  const sum = group.sha256 === undefined ? undefined : await sha256(bytes.buffer);
  if (sum !== undefined && sum !== group.sha256) {
    throw invalid(files, 'damaged: its SHA-256 is not the one in model.json; load it again');
  }
  return bytes.buffer;
}

async function* parts(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

async function get(url: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch (cause) {
    const reason = reasonOf((cause instanceof Error && cause.cause) || cause);
    throw new MemcellError(`${url}: cannot be fetched: ${reason}`, { code: 'io', cause });
  }
  if (!response.ok) {
    throw new MemcellError(`${url}: cannot be fetched: HTTP status ${response.status}`, { code: 'io' });
  }
  return response;
}
