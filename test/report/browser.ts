import { type Browser, chromium, type Page } from 'playwright-core';
import { findChromium } from '../browser/chromium.js';

export async function launch(): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error('no Chromium on this machine; install it (apt-get install chromium)');
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
}

/** Opens a page; `problems` gathers what it writes to the console, requests that leave its own place, and too great a width. */
export async function openPage(
  browser: Browser,
  url: string,
  { width, colorScheme }: { width: number; colorScheme: 'light' | 'dark' },
): Promise<{ page: Page; problems: string[] }> {
  const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
  const problems: string[] = [];
  const own = url.startsWith('file:') ? 'file:' : new URL(url).origin;
  page.on('console', (message) => problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(own) && !request.url().startsWith('data:')) problems.push(request.url());
  });
  await page.goto(url);
  // Nothing is wider than the screen but what scrolls by itself.
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  if (wide > width) problems.push(`the page is ${wide} pixels wide`);
  return { page, problems };
}
