/**
 * Draws docs/forecast.png, the picture in the README: a season of Seattle's daily maximum temperature, forecast one day ahead by a
 * model of the years before, with its 80 % interval, beside what was measured. Needs Chromium.
 *
 *     node scripts/run-ts.mjs scripts/picture.ts
 */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { openSource } from '../src/data/source.js';
import { forecast } from '../src/tasks/functions.js';

const table = await openSource('examples/data/seattle-weather.csv').table();
const names = table.columns.map(({ name }) => name);
const rows = Array.from({ length: table.rows }, (_, row) =>
  Object.fromEntries(names.map((name, i) => [name, table.columns[i].cells[row]])),
);
const first = rows.length - 120;
const model = await forecast(rows.slice(0, first), { target: 'temp_max', horizon: 1, validationSplit: 0 });
const points: { time: string; measured: number; forecast: number; low: number; high: number }[] = [];
for (let day = first; day < rows.length; day++) {
  const [{ values, intervals }] = await model.predict(rows.slice(0, day));
  points.push({
    time: rows[day].date,
    measured: Number(rows[day].temp_max),
    forecast: values.temp_max,
    low: intervals[0].lower.temp_max,
    high: intervals[0].upper.temp_max,
  });
}
model.dispose();

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
await page.evaluate((days) => {
  const Plot = (globalThis as unknown as { Plot: typeof import('@observablehq/plot') }).Plot;
  const dated = days.map((day) => ({ ...day, time: new Date(day.time) }));
  const series = dated.flatMap(({ time, measured, forecast }) => [
    { time, value: measured, what: 'measured' },
    { time, value: forecast, what: 'forecast one day ahead, with its 80 % interval' },
  ]);
  document.body.append(
    Plot.plot({
      width: 860,
      height: 330,
      marginBottom: 45,
      style: { fontSize: '14px' },
      x: { label: null, type: 'utc' },
      y: { label: 'daily maximum temperature in Seattle, °C', grid: true },
      color: {
        legend: true,
        domain: ['measured', 'forecast one day ahead, with its 80 % interval'],
        range: ['#6b7580', '#d9480f'],
      },
      marks: [
        Plot.areaY(dated, { x: 'time', y1: 'low', y2: 'high', fill: '#d9480f', fillOpacity: 0.15 }),
        Plot.lineY(series, { x: 'time', y: 'value', stroke: 'what', strokeWidth: 2 }),
      ],
    }),
  );
}, points);
await page.screenshot({ path: 'docs/forecast.png' });
await browser.close();
