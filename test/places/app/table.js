// A forecast in code, from a file.
import { forecast } from 'memcell';

const model = await forecast('wave.csv', { target: 'value', epochs: 2, seed: 1 });
console.log(JSON.stringify(await model.predict('wave.csv')));
