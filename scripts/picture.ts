/**
 * Draws docs/forecast.png, the picture in the README: a season of held-out days, forecast one day ahead by models/weather,
 * beside what was measured. Needs Chromium. node scripts/run-ts.mjs scripts/picture.ts
 */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { readTable } from '../src/data/read.js';
import { loadTask } from '../src/tasks/task.js';

const table = await readTable('examples/data/seattle-weather.csv');
const { model, artefact } = await loadTask('models/weather');
if (artefact.kind !== 'forecast') throw new Error('models/weather is no forecast');
const { features, window, featureScaling, targetScaling } = artefact;
const columns = features.map((name) => table.numbers(name));
const { times } = table.dates('date');
const actual = table.numbers('temp_max');

const days = 120;
const first = table.rows - days;
const x = new Float32Array(days * window * features.length);
for (let day = 0, at = 0; day < days; day++)
  for (let row = first + day - window; row < first + day; row++)
    for (const [f, column] of columns.entries())
      x[at++] = (column[row] - featureScaling.mean[f]) / featureScaling.std[f];
const { data } = await model.predict({ data: x, shape: [days, window, features.length] });
const points = Array.from(data, (z, day) => ({
  time: times[first + day],
  measured: actual[first + day],
  forecast: z * targetScaling.std[0] + targetScaling.mean[0],
}));

const plot = await build({
  stdin: { contents: "export * from '@observablehq/plot'", resolveDir: fileURLToPath(new URL('..', import.meta.url)) },
  bundle: true,
  format: 'iife',
  globalName: 'Plot',
  write: false,
});
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 900, height: 380 }, deviceScaleFactor: 2 });
await page.setContent('<body style="margin:16px;background:white;font-family:sans-serif"></body>');
await page.addScriptTag({ content: plot.outputFiles[0].text });
await page.evaluate((rows) => {
  const Plot = (globalThis as unknown as { Plot: typeof import('@observablehq/plot') }).Plot;
  const series = rows.flatMap(({ time, measured, forecast }) => [
    { time: new Date(time), value: measured, what: 'measured' },
    { time: new Date(time), value: forecast, what: 'forecast one day ahead' },
  ]);
  document.body.append(
    Plot.plot({
      width: 860,
      height: 330,
      marginBottom: 45,
      style: { fontSize: '14px' },
      x: { label: null, type: 'utc' },
      y: { label: 'daily maximum temperature in Seattle, °C', grid: true },
      color: { legend: true, domain: ['measured', 'forecast one day ahead'], range: ['#9aa5b1', '#d9480f'] },
      marks: [Plot.lineY(series, { x: 'time', y: 'value', stroke: 'what', strokeWidth: 2 })],
    }),
  );
}, points);
await page.screenshot({ path: 'docs/forecast.png' });
await browser.close();
model.dispose();
