import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { loadTfjs, saveTfjs } from '../../src/formats/tfjs.js';
import { prepareBackend } from '../../src/kernels/backend.js';
import { predict, smallModel, temporaryFolder } from './models.js';

const folder = join(temporaryFolder(), 'model');
let files: Record<string, Buffer>;
let server: Server;
let address: string;
let predicts: number[];

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
  server.closeAllConnections();
  server.close();
});

it.each(['/models/a/model.json', '/models/a', '/models/a/'])('loads %s by fetch', async (path) => {
  const { model, metadata } = await loadTfjs(address + path);
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
  await expect(loadTfjs(`${address}/models/a`)).rejects.toThrow(message);
});

it('says why a server does not answer, and what has no handler', async () => {
  await expect(loadTfjs('http://127.0.0.1:9/models/a')).rejects.toThrow(
    /^http:\/\/127.0.0.1:9\/models\/a\/model.json: cannot be fetched: /,
  );
  await expect(saveTfjs(smallModel(), 'gopher://a/b', {})).rejects.toThrow(
    'gopher://a/b: nothing here can save to this kind of address',
  );
});
