/** Errors that users can act on, and turns of the event loop. */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { MemcellError, modelError, shortage, usageError } from '../src/errors.js';
import { EventLoop, otherWork } from '../src/eventLoop.js';

const withCode = (message: string, code: string) => Object.assign(new Error(message), { code });

describe('errors', () => {
  test('have a kind, data unless another is said, and a cause where there is one', () => {
    const plain = new MemcellError('no rows');
    expect([plain.name, plain.message, plain.code]).toEqual(['MemcellError', 'no rows', 'data']);
    expect('cause' in plain).toBe(false);
    const cause = new Error('inner');
    expect(new MemcellError('no', { code: 'io', cause })).toMatchObject({ code: 'io', cause });
    expect(new MemcellError('no', { cause: null })).toMatchObject({ code: 'data', cause: null });
    expect([usageError('a'), modelError('b')].map(({ code, message }) => `${code} ${message}`)).toEqual([
      'usage a',
      'model b',
    ]);
  });

  test.each(['EMFILE', 'ENFILE'])('%s says which limit to raise', (code) => {
    const cause = withCode('open', code);
    expect(shortage(cause)).toMatchObject({
      code: 'io',
      message: `too many open files (${code}): close some, or raise the limit (ulimit -n)`,
      cause,
    });
  });

  test.each([
    withCode('cannot\n map', 'ENOMEM'),
    new RangeError('Array buffer allocation failed'),
    new RangeError('Invalid typed array length: 9'),
    new RangeError('Invalid array buffer length'),
    new RangeError('Invalid array length'),
    new RangeError('WebAssembly.Memory(): Out of memory'),
    new RangeError('Invalid string length'),
  ])('%s is a lack of memory', (cause) => {
    expect(shortage(cause)).toMatchObject({
      code: 'io',
      message: `not enough memory (${cause.message.replace('\n ', ' ')}): take less at a time, or raise the limit (ulimit -v)`,
      cause,
    });
  });

  test.each([
    new RangeError('Maximum call stack size exceeded'),
    new Error('Array buffer allocation failed'),
    withCode('gone', 'ENOENT'),
    'EMFILE',
    { code: 'EMFILE' },
    undefined,
  ])('%p is none', (error) => {
    expect(shortage(error)).toBeUndefined();
  });
});

describe('the event loop', () => {
  const { setImmediate: immediate } = globalThis;
  afterEach(() => {
    globalThis.setImmediate = immediate;
    jest.restoreAllMocks();
  });

  test('waits for its turn once the time is over, and then anew', async () => {
    let now = 1000;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
    const [usual, patient] = [new EventLoop(), new EventLoop(100)];
    const waits = () => [usual.waits, patient.waits];
    expect(waits()).toEqual([false, false]);
    now = 1025;
    expect(waits()).toEqual([false, false]);
    now = 1026;
    expect(waits()).toEqual([true, false]);
    now = 1101;
    expect(waits()).toEqual([true, true]);
    await usual.turn();
    expect(waits()).toEqual([false, true]);
    now = 1127;
    expect(waits()).toEqual([true, true]);
  });

  test.each(['with', 'without'])('a turn lets timers and messages run, %s setImmediate', async (how) => {
    if (how === 'without') Reflect.set(globalThis, 'setImmediate', undefined);
    const seen: string[] = [];
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      seen.push('message');
      port1.close();
    };
    port2.postMessage(1);
    void Promise.resolve().then(() => seen.push('microtask'));
    for (let turn = 0; turn < 100 && seen.length < 2; turn++) await otherWork();
    expect(seen).toEqual(['microtask', 'message']);
  });
});
