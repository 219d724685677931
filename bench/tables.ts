/**
 * Training on tables that do not fit into memory: Parquet, CSV, lines of JSON and one array of JSON of ten million rows and five columns each. First
 * every row is streamed and counted, and the checksum of the values is compared with that of what was written; then a
 * forecast is trained in a process of its own, whose peak memory and time are told. Exit 1 when a checksum is wrong or the peak
 * is above the goal.
 *
 *     node scripts/run-ts.mjs bench/tables.ts [parquet csv jsonl json] [--rows 10000000] [--most-rows N] [--goal MIB] [--budget 20s] [--json]
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import { streamRows } from '../src/data/heldRows.js';
import { openSource } from '../src/data/source.js';
import { formatTable } from '../src/format.js';
import { Random } from '../src/random.js';

const { values: options, positionals } = parseArgs({
  options: {
    rows: { type: 'string' },
    'most-rows': { type: 'string' },
    goal: { type: 'string' },
    budget: { type: 'string' },
    json: { type: 'boolean' },
  },
  allowPositionals: true,
});
const rows = Number(options.rows ?? 10_000_000);
const goal = Number(options.goal ?? 1024);
const formats = positionals.length > 0 ? positionals : ['parquet', 'csv', 'jsonl', 'json'];

const program = join(dirname(fileURLToPath(import.meta.url)), '../../bin/memcell.js');
const minute = 60_000;
const begin = Date.UTC(2004, 0, 1);
const blockRows = 100_000;
const names = ['time', 'load', 'wind', 'price', 'site'];

/** A minute to a row: an hour's cycle, noise, and columns beside it; two decimals, so that every format is exact. */
interface Block {
  time: Date[];
  load: number[];
  wind: number[];
  price: number[];
  site: string[];
}

function* blocks(): Iterable<Block> {
  const random = new Random(1);
  let [noise, wind] = [0, 0];
  for (let from = 0; from < rows; from += blockRows) {
    const block: Block = { time: [], load: [], wind: [], price: [], site: [] };
    for (let row = from; row < Math.min(rows, from + blockRows); row++) {
      noise = 0.8 * noise + random.normal();
      wind = 0.95 * wind + random.normal();
      const hour = Math.sin((2 * Math.PI * row) / 60);
      block.time.push(new Date(begin + minute * row));
      block.load.push(Math.round(100 * (50 + 10 * hour + noise + 0.5 * wind)) / 100);
      block.wind.push(Math.round(100 * wind) / 100);
      block.price.push(Math.round(100 * (30 + 5 * hour + random.normal())) / 100);
      block.site.push(row % 3 === 0 ? 'north' : 'south');
    }
    yield block;
  }
}

/** Of rows in whatever pieces: how many there are, and Σ (i mod 1009 + 1) · 100 load_i, a whole number. */
class Checksum {
  rows = 0;
  sum = 0;

  add(load: number): void {
    this.sum += ((this.rows++ % 1009) + 1) * Math.round(100 * load);
  }
}

/** Writes the table, in constant memory. */
async function write(file: string, format: string): Promise<Checksum> {
  const written = new Checksum();
  if (format === 'parquet') {
    const kinds = ['TIMESTAMP', 'DOUBLE', 'DOUBLE', 'DOUBLE', 'STRING'] as const;
    const types = ['INT64', 'DOUBLE', 'DOUBLE', 'DOUBLE', 'BYTE_ARRAY'] as const;
    const schema = [
      { name: 'root', num_children: names.length },
      ...names.map((name, i) => ({
        name,
        type: types[i],
        repetition_type: 'REQUIRED' as const,
        ...(kinds[i] === 'TIMESTAMP' && { converted_type: 'TIMESTAMP_MILLIS' as const }),
        ...(kinds[i] === 'STRING' && { converted_type: 'UTF8' as const }),
      })),
    ];
    const writer = new ParquetWriter({ writer: fileWriter(file), schema });
    for (const block of blocks()) {
      for (const load of block.load) written.add(load);
      writer.write({
        columnData: Object.entries(block).map(([name, data]) => ({ name, data })),
        rowGroupSize: blockRows,
      });
    }
    writer.finish();
    return written;
  }
  const out = createWriteStream(file);
  if (format === 'csv') out.write(`${names.join(',')}\n`);
  let joint = format === 'json' ? '[' : '';
  for (const { time, load, wind, price, site } of blocks()) {
    const lines = time.map((at, i) => {
      written.add(load[i]);
      const cells = [at.toISOString().slice(0, 19), load[i], wind[i], price[i], site[i]];
      if (format === 'csv') return `${cells.join(',')}\n`;
      const row = JSON.stringify(Object.fromEntries(names.map((name, k) => [name, cells[k]])));
      if (format !== 'json') return `${row}\n`;
      const element = `${joint}${row}`;
      joint = ',';
      return element;
    });
    if (!out.write(lines.join(''))) await once(out, 'drain');
  }
  out.end(format === 'json' ? ']\n' : '');
  await once(out, 'finish');
  return written;
}

async function read(file: string): Promise<Checksum> {
  const found = new Checksum();
  const source = openSource(file);
  const head = await source.head?.(1000);
  if (head === undefined) throw new Error(`${file} is not streamed`);
  const place = head.table.columns.findIndex(({ name }) => name === 'load');
  for await (const chunk of streamRows(source, head.table)) {
    for (let row = 0; row < chunk.rows; row++) found.add(Number(chunk.columns[place][row]));
  }
  return found;
}

interface Result {
  format: string;
  rows: number;
  megabytes: number;
  readSeconds: number;
  trainSeconds: number;
  peakMiB: number;
  held: string;
}

/** The program says its own peak when it ends. */
const report = `data:text/javascript,${encodeURIComponent(
  "import { writeFileSync } from 'node:fs'; process.on('exit', () => writeFileSync(process.env.MEMCELL_PEAK, String(process.resourceUsage().maxRSS)))",
)}`;

async function measure(folder: string, format: string): Promise<Result> {
  const file = join(folder, `table.${format}`);
  const written = await write(file, format);
  const started = performance.now();
  const found = await read(file);
  const readSeconds = (performance.now() - started) / 1000;
  if (found.rows !== rows || found.rows !== written.rows || found.sum !== written.sum) {
    throw new Error(
      `${format}: ${found.rows} rows of checksum ${found.sum} where ${written.rows} of ${written.sum} were written`,
    );
  }
  const peak = join(folder, 'peak');
  const limit = options['most-rows'] === undefined ? [] : ['--most-rows', options['most-rows']];
  const train = [
    'train',
    file,
    '--forecast',
    'load',
    '--horizon',
    '6',
    '--budget',
    options.budget ?? '20s',
    '--out',
    join(folder, 'model'),
    '--json',
    ...limit,
  ];
  const from = performance.now();
  const output = execFileSync(process.execPath, ['--import', report, program, ...train], {
    env: { ...process.env, MEMCELL_PEAK: peak },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 2 ** 28,
  });
  const trainSeconds = (performance.now() - from) / 1000;
  const held = /"(read as a stream:[^"]*)"/.exec(output)?.[1] ?? 'read whole';
  const { readFileSync } = await import('node:fs');
  const peakMiB = Number(readFileSync(peak, 'utf8')) / 1024;
  const megabytes = statSync(file).size / 1e6;
  rmSync(file);
  return { format, rows, megabytes, readSeconds, trainSeconds, peakMiB, held };
}

const folder = mkdtempSync(join(tmpdir(), 'memcell-tables-'));
const results: Result[] = [];
try {
  writeFileSync(join(folder, 'peak'), '');
  for (const format of formats) results.push(await measure(folder, format));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (options.json) console.log(JSON.stringify(results));
else {
  console.log(
    formatTable(
      ['table', 'rows', 'MB', 'streamed, s', 'trained, s', 'peak, MiB'],
      results.map((one) => [
        one.format,
        one.rows.toLocaleString('en'),
        ...[one.megabytes, one.readSeconds, one.trainSeconds, one.peakMiB].map((value) =>
          value.toFixed(value < 100 ? 1 : 0),
        ),
      ]),
    ),
  );
  console.log(results[0]?.held ?? '');
}
const over = results.filter(({ peakMiB }) => peakMiB > goal);
for (const { format, peakMiB } of over) console.error(`${format}: ${Math.round(peakMiB)} MiB are above ${goal}`);
process.exitCode = over.length > 0 ? 1 : 0;
