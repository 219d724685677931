import { chromium } from 'playwright-core';
const [file, out, width='1000', scheme='light', full='1'] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: Number(width), height: 900 }, colorScheme: scheme });
page.on('console', (m) => console.log('console', m.type(), m.text()));
page.on('pageerror', (e) => console.log('error', e.message));
page.on('request', (r) => { if (!r.url().startsWith('file:') && !r.url().startsWith('data:')) console.log('request', r.url()); });
await page.goto('file://' + file);
const svg = await page.$('figure[data-tips] svg'); 
if (svg && full==='tip') { const b = await svg.boundingBox(); await page.mouse.move(b.x + b.width*0.7, b.y + 100); }
await page.screenshot({ path: out, fullPage: full==='1' });
console.log(await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]));
await browser.close();
