/**
 * How long a page of 100,000 points takes: to make here, to open in Chromium, and how evenly it scrolls there, by Chromium's own numbers
 * (the marks of the paint, the metrics of its devtools, the times between animation frames). Exit 1 where a bound is not held.
 *
 *     node scripts/run-ts.mjs bench/pages.ts [points]
 */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { plot } from '../src/report/plot.js';
import { findChromium } from '../test/browser/chromium.js';

const points = Number(process.argv[2] ?? 100_000);
/** Seconds until all is drawn; bytes; milliseconds that 95 % of the frames are not longer than while it scrolls, three at 60 a second. */
const bounds = { drawn: 2, bytes: 1_000_000, frame: 50 };

const day = 86_400_000;
const time = Array.from({ length: points }, (_, i) => new Date(i * (day / 48)).toISOString().slice(0, 16));
const value = Array.from({ length: points }, (_, i) => 20 + 5 * Math.sin(i / 7.6) + ((i * 7919) % 97) / 40);

const executablePath = findChromium();
if (executablePath === undefined) throw new Error('no Chromium on this machine');
const folder = mkdtempSync(join(tmpdir(), 'memcell-pages-'));
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  await plot({ time: time.slice(0, 100), value: value.slice(0, 100) });
  const began = performance.now();
  const { html } = await plot({ time, value });
  const made = (performance.now() - began) / 1000;
  const file = join(folder, 'page.html');
  writeFileSync(file, html);
  const page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
  await page.goto('about:blank');
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  await page.goto(`file://${file}`, { waitUntil: 'load' });
  const painted = await page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
      }),
  );
  const { metrics } = await devtools.send('Performance.getMetrics');
  const seconds = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
  const frames = await page.evaluate(
    () =>
      new Promise<number[]>((resolve) => {
        const found: number[] = [];
        let last = performance.now();
        const step = (now: number) => {
          found.push(now - last);
          last = now;
          scrollBy(0, 40);
          if (found.length < 120) requestAnimationFrame(step);
          else resolve(found.slice(1).sort((a, b) => a - b));
        };
        requestAnimationFrame(step);
      }),
  );
  const { size } = statSync(file);
  const frame = frames[Math.floor(0.95 * frames.length)];
  const shown = (value: number, unit: string, digits = 2) => `${value.toFixed(digits)} ${unit}`;
  console.log(`${points} points: made in ${shown(made, 's')}, ${shown(size / 1e6, 'MB')}`);
  console.log(
    `drawn ${shown(painted / 1000, 's')} after it was opened: script ${shown(seconds('ScriptDuration'), 's')}, style ${shown(seconds('RecalcStyleDuration'), 's')}, layout ${shown(seconds('LayoutDuration'), 's')}`,
  );
  console.log(
    `scrolled ${frames.length} frames: half within ${shown(frames[Math.floor(frames.length / 2)], 'ms', 1)}, 95 % within ${shown(frame, 'ms', 1)}, the longest ${shown(frames[frames.length - 1], 'ms', 1)}`,
  );
  const missed = [
    ...(made + painted / 1000 > bounds.drawn ? [`it takes more than ${bounds.drawn} s`] : []),
    ...(size > bounds.bytes ? [`it has more than ${bounds.bytes} bytes`] : []),
    ...(frame > bounds.frame ? [`frames of more than ${bounds.frame} ms`] : []),
  ];
  console.log(missed.length === 0 ? 'all bounds held' : missed.join('; '));
  process.exitCode = missed.length === 0 ? 0 : 1;
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
