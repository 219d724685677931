// Saves small models in a process of its own, without tfjs.
//   node saver.mjs kill FOLDER NAME OPERATION before|after   is killed (SIGKILL) at this file-system operation; prints 'saved' if it has fewer
//   node saver.mjs loop FOLDER NAME COUNT END                 saves so many times, and until there is a file END
//   node saver.mjs read FOLDER COUNT                          reads so many times, and until it has seen two names; prints what it saw
import { createHash } from 'node:crypto';
import { existsSync, promises as fs } from 'node:fs';
import { readModel, writeModel } from '../../dist/formats/folder.js';

const [, , job, folder, name, ...rest] = process.argv;

/** Weights that tell whose they are: as many floats as the name is long, all the sum of its letters' codes. */
export function modelOf(name) {
  const code = Array.from(name).reduce((sum, letter) => sum + letter.codePointAt(0), 0);
  const weights = Float32Array.from({ length: 1000 * name.length }, () => code).buffer;
  const sha256 = createHash('sha256').update(new Uint8Array(weights)).digest('hex');
  const group = {
    paths: ['weights.bin'],
    weights: [{ name: 'w', shape: [1000 * name.length], dtype: 'float32' }],
    sha256,
  };
  const json = {
    format: 'layers-model',
    modelTopology: {},
    weightsManifest: [group],
    userDefinedMetadata: { memcell: { version: 1, name } },
  };
  return { json: JSON.stringify(json), weights };
}

/** The name of the model that the folder holds, whole. */
export async function nameIn(folder) {
  const { json, data } = await readModel(folder);
  const { name } = json.userDefinedMetadata.memcell;
  if (!Buffer.from(data[0]).equals(Buffer.from(modelOf(name).weights)))
    throw new Error(`the weights are not ${name}'s`);
  return name;
}

/** Is killed before the operation, or after it (of a write: after half of it). */
function dieAt(operation, after) {
  let count = 0;
  const intercept = (call, real, receiver) =>
    async function intercepted(...args) {
      const dies = count++ === operation;
      if (dies && !after) process.kill(process.pid, 'SIGKILL');
      if (dies && call === 'writeFile') args[0] = args[0].slice(0, args[0].length / 2);
      const result = await Reflect.apply(real, receiver, args);
      if (dies) process.kill(process.pid, 'SIGKILL');
      if (call === 'open') {
        for (const method of ['writeFile', 'sync', 'close']) result[method] = intercept(method, result[method], result);
      }
      return result;
    };
  for (const call of ['mkdir', 'open', 'rename', 'rm', 'rmdir']) fs[call] = intercept(call, fs[call], fs);
}

if (job === 'kill') {
  const { json, weights } = modelOf(name);
  dieAt(Number(rest[0]), rest[1] === 'after');
  await writeModel(folder, json, weights);
  console.log('saved');
} else if (job === 'loop') {
  const { json, weights } = modelOf(name);
  for (let i = 0; i < Number(rest[0]) || !existsSync(rest[1]); i++) await writeModel(folder, json, weights);
} else if (job === 'read') {
  const seen = {};
  for (let i = 0; i < Number(name) || Object.keys(seen).length < 2; i++) {
    const found = await nameIn(folder);
    seen[found] = (seen[found] ?? 0) + 1;
  }
  console.log(JSON.stringify(seen));
}
