/** What a page of ours holds, as plain data: its words in their order, and of each figure its words, marks and places. */
import { gunzipSync, strFromU8 } from 'fflate';
import { parseHTML } from 'linkedom';

const breaking = /^(H\d|P|LI|TR|DIV|SECTION|FIGURE|FIGCAPTION|SUMMARY|DETAILS|PRE|UL|NAV|TABLE|THEAD|TBODY|SELECT)$/i;

/** The words of an element, a line for each block; cells and links of a line are parted. */
function lines(element: Element): string[] {
  const found = [''];
  const walk = (node: Node) => {
    if (node.nodeType === 3) found[found.length - 1] += node.textContent ?? '';
    if (node.nodeType !== 1 || /^(script|style|svg)$/i.test(node.nodeName)) return;
    const name = node.nodeName;
    if (breaking.test(name)) found.push('');
    const look = (node as Element).getAttribute('style');
    if (/^(TD|TH|DT|DD|A|OPTION|I)$/i.test(name)) found[found.length - 1] += ' | ';
    if (look) found[found.length - 1] += `{${look}} `;
    for (const child of Array.from(node.childNodes)) walk(child);
    if (breaking.test(name)) found.push('');
  };
  walk(element);
  return found.map((line) => line.replace(/\s+/g, ' ').trim()).filter((line) => line !== '');
}

const numbers = (text: string) => (text.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number);

function figure(svg: Element): object {
  const places: number[] = [];
  const marks: Record<string, number> = {};
  const colours: Record<string, number> = {};
  const count = (of: Record<string, number>, name: string) => {
    of[name] = (of[name] ?? 0) + 1;
  };
  for (const mark of Array.from(svg.querySelectorAll('*'))) {
    count(marks, mark.nodeName.toLowerCase());
    for (const name of ['d', 'transform', 'x', 'y', 'x1', 'x2', 'y1', 'y2', 'cx', 'cy', 'width', 'height'])
      places.push(...numbers(mark.getAttribute(name) ?? ''));
    for (const name of ['fill', 'stroke'])
      if (mark.hasAttribute(name)) count(colours, `${name} ${mark.getAttribute(name)}`);
  }
  const words = Array.from(svg.querySelectorAll('text'), ({ textContent }) => textContent ?? '').join(' | ');
  const tips = JSON.parse(svg.parentElement?.getAttribute('data-tips') ?? 'null') as {
    x: number[];
    text: string[];
  } | null;
  return {
    title: svg.getAttribute('aria-label'),
    size: [svg.getAttribute('width'), svg.getAttribute('height')].join(' × '),
    words,
    marks,
    colours,
    places,
    ...(tips && {
      tips: { x: tips.x, count: tips.text.length, text: [...tips.text.slice(0, 2), ...tips.text.slice(-1)] },
    }),
  };
}

/** Maps are numbers from 0 to 255. */
function unpacked(name: string, value: unknown): unknown {
  return name === 'bytes' ? Array.from(Buffer.from(String(value), 'base64')) : value;
}

/** @param without ids of data for programs that is left out */
export function pageDocument(text: string, without: readonly string[] = []): object {
  const { document } = parseHTML(text);
  for (const packed of Array.from(document.querySelectorAll('[data-packed]')))
    packed.innerHTML = strFromU8(gunzipSync(Buffer.from(packed.getAttribute('data-packed') ?? '', 'base64')));
  const data = Array.from(document.querySelectorAll('script[type="application/json"]'));
  return {
    title: document.title,
    words: lines(document.body),
    figures: Array.from(document.querySelectorAll('svg'), figure),
    data: Object.fromEntries(
      data.map(({ id, textContent }) => [id, without.includes(id) ? '' : JSON.parse(textContent ?? '', unpacked)]),
    ),
  };
}

/** The data for programs of one id in a page. */
export function pageData(text: string, id: string): unknown {
  const found = parseHTML(text).document.querySelector(`script[type="application/json"]#${id}`);
  return JSON.parse(found?.textContent ?? 'null');
}
