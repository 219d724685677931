import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { MemcellError } from '../../src/errors.js';
import { fetchBytes } from '../../src/formats/http.js';
import { openModel, openWeights, weightsAlone } from '../../src/formats/open.js';
import { saveTfjs } from '../../src/formats/tfjs.js';
import { prepareBackend } from '../../src/kernels/backend.js';
import { predict, smallModel, temporaryFolder } from './models.js';

const folder = join(temporaryFolder(), 'model');
let files: Record<string, Buffer>;
let server: Server;
let address: string;
let predicts: number[];
const closing: Server[] = [];

beforeAll(async () => {
  await prepareBackend();
  const model = smallModel();
  predicts = predict(model);
  await saveTfjs(model, folder, { window: 4 });
  server = createServer((request, response) => {
    const body = files[request.url ?? ''];
    response.writeHead(body ? 200 : 404).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

beforeEach(() => {
  files = {
    '/models/a/model.json': readFileSync(join(folder, 'model.json')),
    '/models/a/weights.bin': readFileSync(join(folder, 'weights.bin')),
  };
});

afterAll(() => {
  for (const own of [server, ...closing]) {
    own.closeAllConnections();
    own.close();
  }
});

it.each(['/models/a/model.json', '/models/a', '/models/a/'])('loads %s by fetch', async (path) => {
  const { model, metadata } = await openModel(address + path);
  expect(metadata).toEqual({ window: 4 });
  expect(predict(model)).toEqual(predicts);
});

it.each([
  [
    'a missing model',
    (): unknown => delete files['/models/a/model.json'],
    /model.json: cannot be fetched: HTTP status 404$/,
  ],
  ['missing weights', () => delete files['/models/a/weights.bin'], /weights.bin: cannot be fetched: HTTP status 404$/],
  ['no JSON', () => Object.assign(files, { '/models/a/model.json': Buffer.from('<html>') }), /model.json: not JSON: /],
  [
    'truncated weights',
    () => Object.assign(files, { '/models/a/weights.bin': Buffer.alloc(9) }),
    /weights.bin: truncated: 9 bytes/,
  ],
  [
    'long weights',
    () => Object.assign(files, { '/models/a/weights.bin': Buffer.alloc(1e6) }),
    /weights.bin: too long: /,
  ],
  [
    'other weights',
    () => Object.assign(files, { '/models/a/weights.bin': Buffer.alloc(320) }),
    /weights.bin: damaged: /,
  ],
])('refuses %s', async (_, change, message) => {
  change();
  await expect(openModel(`${address}/models/a`)).rejects.toThrow(message);
});

it('asks for weights by their own name, whatever characters it has', async () => {
  const json = JSON.parse(String(files['/models/a/model.json']));
  json.weightsManifest[0].paths = ['$& [1] é.bin'];
  files['/models/a/model.json'] = Buffer.from(JSON.stringify(json));
  files['/models/a/$&%20[1]%20%C3%A9.bin'] = files['/models/a/weights.bin'];
  expect(predict((await openModel(`${address}/models/a`)).model)).toEqual(predicts);
});

/** A server that answers each request as `answer` says; gives its address. */
async function serving(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const own = createServer(answer);
  await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve));
  closing.push(own);
  return `http://127.0.0.1:${(own.address() as AddressInfo).port}`;
}

const json = () => files['/models/a/model.json'];

async function refusal(load: Promise<unknown>): Promise<MemcellError> {
  const error = await load.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(MemcellError);
  return error as MemcellError;
}

it.each([
  ['model.json', 0],
  ['weights.bin', 1],
])('says that the connection was cut in %s', async (file, cutAt) => {
  let requests = 0;
  const cutting = await serving((_, response) => {
    const body = requests === 0 ? json() : files['/models/a/weights.bin'];
    response.writeHead(200, { 'content-length': body.length });
    if (requests++ < cutAt) response.end(body);
    else response.write(body.subarray(0, 100), () => response.destroy());
  });
  const { message, code } = await refusal(openModel(`${cutting}/m`));
  expect(message).toMatch(new RegExp(`^${cutting}/m/${file}: cannot be fetched: .*after 100 bytes$`));
  expect(code).toBe('io');
});

it('stops reading a model.json without end', async () => {
  let sent = 0;
  let open = 0;
  const endless = await serving((_, response) => {
    const chunk = Buffer.alloc(2 ** 20, ' ');
    const more = () => {
      sent += chunk.length;
      if (!response.destroyed) response.write(chunk, more);
    };
    open++;
    response.on('close', () => open--);
    more();
  });
  const { message } = await refusal(openModel(`${endless}/m`));
  expect(message).toBe(`${endless}/m/model.json: more than any model.json`);
  expect(sent).toBeLessThan(2 ** 28);
  while (open > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const least = await refusal(openModel(`${endless}/m`, { maxBytes: 1e6 }));
  expect(least.message).toBe(
    `${endless}/m/model.json: cannot be fetched: more than maxBytes, 1000000 bytes, for all files`,
  );
});

it.each([
  ['never answers', () => {}],
  ['sends nothing after its head', (response: ServerResponse) => response.writeHead(200).flushHeaders()],
  [
    'drips',
    (response: ServerResponse) => {
      const timer = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(timer));
    },
  ],
])('gives up on a server that %s, in model.json and in the weights', async (_, stall) => {
  for (const stalls of ['model.json', 'weights.bin']) {
    const closed: string[] = [];
    const silent = await serving((request, response) => {
      response.on('close', () => closed.push(String(request.url)));
      if (request.url?.endsWith(stalls)) stall(response);
      else response.end(files[`/models/a${request.url?.slice(2)}`]);
    });
    const { message, code } = await refusal(openModel(`${silent}/m`, { timeout: 200 }));
    expect(message).toMatch(
      new RegExp(
        `^${silent}/m/${stalls}: cannot be fetched: too slow: \\d+ bytes in .* s; raise timeout \\(now 200 ms\\)`,
      ),
    );
    expect(code).toBe('io');
    while (!closed.some((url) => url.endsWith(stalls))) await new Promise((resolve) => setTimeout(resolve, 5));
  }
});

it('takes as long as it needs for a large file that keeps coming', async () => {
  const large = Buffer.concat([json().subarray(0, -1), Buffer.alloc(3 * 2 ** 20, ' '), Buffer.from('}')]);
  const slow = await serving((request, response) => {
    if (!request.url?.endsWith('model.json')) return response.end(files['/models/a/weights.bin']);
    let at = 0;
    const more = () => {
      response.write(large.subarray(at, at + 2 ** 19));
      at += 2 ** 19;
      if (at < large.length) setTimeout(more, 200);
      else response.end();
    };
    more();
    return response;
  });
  // A MiB takes 0.4 s, and all of them 1.2 s.
  const { model } = await openModel(`${slow}/m`, { timeout: 1000 });
  expect(predict(model)).toEqual(predicts);
});

it.each(['%2e%2e/secret', '..%2fsecret', 'weights.bin?of=secret', 'weights.bin#1', '../secret', '//evil.example/w'])(
  'asks for nothing outside the folder: %s in the manifest',
  async (path) => {
    const asked: string[] = [];
    const seen = await serving((request, response) => {
      asked.push(String(request.url));
      response.end(
        JSON.stringify({ ...JSON.parse(String(json())), weightsManifest: [{ paths: [path], weights: [] }] }),
      );
    });
    const { message, code } = await refusal(openModel(`${seen}/models/a`));
    expect(message).toMatch(/ does not stay inside the model's folder$/);
    expect(code).toBe('model');
    expect(asked).toEqual(['/models/a/model.json']);
  },
);

it('sends a query for the weights, too, and loads them from subfolders with spaces', async () => {
  const asked: string[] = [];
  const seen = await serving((request, response) => {
    asked.push(String(request.url));
    const own = String(json()).replace('"weights.bin"', '"a b/weights.bin"');
    response.end(asked.length === 1 ? own : files['/models/a/weights.bin']);
  });
  await openModel(`${seen}/m/model.json?key=1`);
  expect(asked).toEqual(['/m/model.json?key=1', '/m/a%20b/weights.bin?key=1']);
});

it('loads a model that is replaced between its two files', async () => {
  const asked: string[] = [];
  const old = String(json()).replace(/"sha256":"./, '"sha256":"e');
  const seen = await serving((request, response) => {
    asked.push(String(request.url));
    if (request.url?.endsWith('.bin')) response.end(files['/models/a/weights.bin']);
    else response.end(asked.length === 1 ? old : json());
  });
  expect(predict((await openModel(`${seen}/m`)).model)).toEqual(predicts);
});

it.each([0, -1, Number.NaN])('refuses %d as a limit', async (limit) => {
  const { message } = await refusal(openModel(`${address}/models/a`, { timeout: limit }));
  expect(message).toBe(`timeout must be a number above 0, not ${limit}`);
  expect((await refusal(openModel(`${address}/models/a`, { maxBytes: limit }))).code).toBe('usage');
});

it('says why a server does not answer, and what has no handler', async () => {
  await expect(openModel('http://127.0.0.1:9/models/a')).rejects.toThrow(
    /^http:\/\/127.0.0.1:9\/models\/a\/model.json: cannot be fetched: /,
  );
  await expect(saveTfjs(smallModel(), 'gopher://a/b', {})).rejects.toThrow(
    'gopher://a/b: nothing here can save to this kind of address',
  );
});

it('says which files the weights are of, and how much is missing or too much', async () => {
  const weights = files['/models/a/weights.bin'];
  const size = weights.length;
  const own = JSON.parse(String(json()));
  const at = `${address}/models/a`;
  const served = async (parts: Record<string, Buffer>) => {
    own.weightsManifest[0].paths = Object.keys(parts);
    files['/models/a/model.json'] = Buffer.from(JSON.stringify(own));
    for (const [name, bytes] of Object.entries(parts)) files[`/models/a/${name}`] = bytes;
    return openModel(at).then(
      ({ model }) => predict(model),
      ({ code, message }: MemcellError) => `${code}: ${message.replaceAll(`${at}/`, '')}`,
    );
  };
  const [a, b] = [weights.subarray(0, 100), weights.subarray(100)];
  const long = Buffer.concat([b, Buffer.of(0)]);
  const damaged = 'damaged: its SHA-256 is not the one in model.json; load it again';
  expect(await served({ a, b })).toEqual(predicts);
  expect(await served({ a, b: b.subarray(1) })).toBe(
    `model: a, b: truncated: ${size - 1} bytes, but the weights in model.json are ${size}`,
  );
  expect(await served({ a, b: long })).toBe(`model: b: too long: the weights in model.json are ${size} bytes`);
  expect(await served({ b, a })).toBe(`model: b, a: ${damaged}`);
  expect(await served({ a: weights, b: Buffer.alloc(0) })).toEqual(predicts);
});

it('counts the bytes of all files against maxBytes, and waits as long as it is told', async () => {
  const all = json().length + files['/models/a/weights.bin'].length;
  const load = (options: object) => openModel(`${address}/models/a///`, options);
  expect(predict((await load({ maxBytes: all, timeout: 1e12 })).model)).toEqual(predicts);
  expect((await refusal(load({ maxBytes: all - 1 }))).message).toBe(
    `${address}/models/a/weights.bin: cannot be fetched: more than maxBytes, ${all - 1} bytes, for all files`,
  );
  files['/x'] = Buffer.from('0123456789');
  expect(String(Buffer.from(await fetchBytes(`${address}/x`, { maxBytes: 10 })))).toBe('0123456789');
  for (const [url, options, code, message] of [
    ['/x', { maxBytes: 9 }, 'model', 'more than maxBytes, 9 bytes'],
    ['/none', {}, 'io', 'cannot be fetched: HTTP status 404'],
  ] as const)
    expect(await refusal(fetchBytes(address + url, options))).toMatchObject({
      code,
      message: `${address}${url}: ${message}`,
    });
});

it('reads a model anew only where its model.json has changed, three times at most', async () => {
  const asked: string[] = [];
  let changes = true;
  const seen = await serving((request, response) => {
    asked.push(request.url === '/m/mine.json' ? 'json' : 'weights');
    if (asked.at(-1) === 'json') response.end(String(json()) + (changes ? ' '.repeat(asked.length) : ''));
    else response.end('too few');
  });
  const { message } = await refusal(openModel(`${seen}/m/mine.json`));
  expect(message).toMatch(/weights.bin: truncated: 7 bytes, /);
  expect(asked.join(' ')).toBe('json weights json json weights json json weights');
  [changes, asked.length] = [false, 0];
  await refusal(openModel(`${seen}/m/mine.json`));
  expect(asked.join(' ')).toBe('json weights json');
});

it('fetches whole models and weights of one file by their addresses', async () => {
  const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
  files['/text.keras?key=1'] = fixture('keras3/text.keras');
  files['/lstm.h5'] = fixture('keras2/lstm.h5');
  files['/weights.h5'] = fixture('keras2/lstm.weights-only.h5');
  const whole = await openModel(`${address}/text.keras?key=1`);
  expect(whole.model.countParams()).toBe(462);
  await expect(openModel(`${address}/none.keras`)).rejects.toThrow(
    `${address}/none.keras: cannot be fetched: HTTP status 404`,
  );
  await expect(openModel(`${address}/text.keras?key=1`, { max_bytes: 9 })).rejects.toThrow(
    'more than maxBytes, 9 bytes',
  );
  const { model } = await openModel(`${address}/lstm.h5`);
  const before = model.getWeights().map((weight) => weight.dataSync());
  model.setWeights(model.getWeights().map((weight) => weight.mul(0)));
  await openWeights(model, `${address}/weights.h5`);
  expect(model.getWeights().map((weight) => weight.dataSync())).toEqual(before);
  expect(await weightsAlone(`${address}/weights.h5`)).toMatchObject({ where: `${address}/weights.h5` });
  expect(await weightsAlone(`${address}/lstm.h5`)).toBeUndefined();
  // Not fetched: by its name it is no file of weights.
  expect(await weightsAlone(`${address}/weights`)).toBeUndefined();
  for (const one of [whole.model, model]) one.dispose();
});
