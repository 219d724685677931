/** Line charts of braille characters, which have 2 × 4 dots each. */
import { tick } from '../../report/axes.js';
import type { Points } from '../../tasks/shown.js';
import { type Colour, coloured, type Paper, printable } from './paper.js';

export interface ChartLine extends Points {
  name: string;
  colour: Colour;
  /** Drawn as dashes, so that lines differ without colours. */
  dashed?: boolean;
}

export interface ChartBand {
  name: string;
  x: number[];
  lower: number[];
  upper: number[];
  colour: Colour;
}

export interface Chart {
  title: string;
  lines: ChartLine[];
  bands?: ChartBand[];
  /** A place on the x axis for people. */
  place(x: number): string;
  /** Lines of the plotting area. */
  height?: number;
  /** Whether values that grow by more than a factor of 30 stand by their logarithms, which the title then says. */
  mayBeLog?: boolean;
}

/** The dots of a braille character by row and column: bits of U+2800. */
const bits = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
];

/** Dots of a dash, and of a dash and the space after it. */
const [dash, period] = [3, 6];

/** A chart as lines of text; '' where there is no point. */
export function chartText(
  { title, lines, bands = [], place, height = 12, mayBeLog = false }: Chart,
  paper: Paper,
): string {
  const all = lines.flatMap(({ y }) => y.filter(Number.isFinite));
  const xs = [...lines, ...bands].flatMap(({ x }) => x);
  if (all.length === 0 || xs.length === 0) return '';
  const ends = bands.flatMap(({ lower, upper }) => [...lower, ...upper]).filter(Number.isFinite);
  const values = [...all, ...ends];
  const [left, right] = [least(xs), most(xs)];
  const [low, high] = [least(values), most(values)];
  const log = mayBeLog && low > 0 && high > 30 * low;
  const scale = log ? Math.log : (value: number) => value;
  const unscale = log ? Math.exp : (value: number) => value;
  const [bottom, span] = [scale(low), scale(high) - scale(low) || 1];
  const marked = [0, Math.floor((height - 1) / 2), height - 1];
  const labels = new Map(
    marked.map((row) => [row, tick(shortened(unscale(bottom + (span * (height - 1 - row)) / (height - 1))))]),
  );
  const margin = Math.max(...[...labels.values()].map((label) => label.length));
  const width = Math.max(10, paper.width - margin - 2);
  const grid = new Grid(width, height);
  const atX = (x: number) => (right === left ? 0.5 : (x - left) / (right - left)) * (2 * width - 1);
  const atY = (y: number) => (1 - (scale(y) - bottom) / span) * (4 * height - 1);
  for (const { x, lower, upper, colour } of bands) grid.band(x.map(atX), upper.map(atY), lower.map(atY), colour);
  for (const { x, y, colour, dashed = false } of lines) grid.line(x.map(atX), y.map(atY), colour, dashed);
  const rows = grid.rows(paper).map((row, i) => {
    const label = labels.get(i);
    return `${(label ?? '').padStart(margin)} ${label === undefined ? '│' : '┤'}${row}`.trimEnd();
  });
  const axis = `${' '.repeat(margin + 1)}└${'─'.repeat(width)}`;
  const under = `${' '.repeat(margin + 2)}${between(place(left), place(right), width)}`;
  const heading = `${printable(title)}${log ? ', logarithmic' : ''}`;
  return [heading, ...legend(lines, bands, paper), ...rows, axis, under].join('\n');
}

/** Characters of a chart: dots, and the colour of each. */
class Grid {
  private readonly dots: Uint8Array;
  private readonly shade: Uint8Array;
  private readonly colours: (Colour | undefined)[];

  constructor(
    private readonly width: number,
    private readonly height: number,
  ) {
    this.dots = new Uint8Array(width * height);
    this.shade = new Uint8Array(width * height);
    this.colours = new Array<Colour | undefined>(width * height).fill(undefined);
  }

  /** From point to point, broken at those that are not finite. */
  line(x: readonly number[], y: readonly number[], colour: Colour, dashed: boolean): void {
    let drawn = 0;
    for (let i = 0; i < x.length; i++) {
      if (!Number.isFinite(y[i])) continue;
      const before = i > 0 && Number.isFinite(y[i - 1]) ? i - 1 : i;
      const steps = Math.max(1, Math.ceil(Math.max(Math.abs(x[i] - x[before]), Math.abs(y[i] - y[before]))));
      for (let step = before === i ? steps : 1; step <= steps; step++) {
        const share = step / steps;
        if (dashed && drawn++ % period >= dash) continue;
        this.dot(x[before] + share * (x[i] - x[before]), y[before] + share * (y[i] - y[before]), colour);
      }
    }
  }

  /** Shades the characters between two lines. */
  band(x: readonly number[], above: readonly number[], below: readonly number[], colour: Colour): void {
    for (let i = 0; i < x.length; i++) {
      const last = i + 1 < x.length ? i + 1 : i;
      const [from, to] = [Math.round(x[i]) >> 1, Math.round(x[last]) >> 1];
      for (let column = from; column <= to; column++) {
        const share = to === from ? 0 : (column - from) / (to - from);
        const top = Math.round(above[i] + share * (above[last] - above[i])) >> 2;
        const end = Math.round(below[i] + share * (below[last] - below[i])) >> 2;
        for (let row = Math.max(0, top); row <= Math.min(this.height - 1, end); row++) {
          this.shade[row * this.width + column] = 1;
          this.colours[row * this.width + column] ??= colour;
        }
      }
    }
  }

  rows(paper: Paper): string[] {
    return Array.from({ length: this.height }, (_, row) => {
      let [text, run, colour]: [string, string, Colour] = ['', '', 'ink'];
      for (let i = row * this.width; i < (row + 1) * this.width; i++) {
        const own = this.colours[i] ?? 'ink';
        if (own !== colour) {
          text += coloured(run, colour, paper);
          [run, colour] = ['', own];
        }
        const empty = this.shade[i] === 1 ? '░' : ' ';
        run += this.dots[i] === 0 ? empty : String.fromCharCode(0x2800 + this.dots[i]);
      }
      return text + coloured(run, colour, paper);
    });
  }

  private dot(x: number, y: number, colour: Colour): void {
    const [column, row] = [Math.round(x), Math.round(y)];
    const i = (row >> 2) * this.width + (column >> 1);
    this.dots[i] |= bits[row & 3][column & 1];
    this.colours[i] = colour;
  }
}

/** What the lines are, where there are several. */
function legend(lines: readonly ChartLine[], bands: readonly ChartBand[], paper: Paper): string[] {
  if (lines.length + bands.length < 2) return [];
  const entries = [
    ...lines.map(({ name, colour, dashed }) => `${coloured(dashed ? '╌╌' : '──', colour, paper)} ${name}`),
    ...bands.map(({ name, colour }) => `${coloured('░░', colour, paper)} ${name}`),
  ];
  return [`  ${entries.join('   ')}`];
}

/** One text at the left end of a line, one at the right. */
function between(left: string, right: string, width: number): string {
  return left === right || left.length + right.length >= width ? left : left + right.padStart(width - left.length);
}

function shortened(value: number): number {
  return Number(value.toPrecision(4));
}

const least = (values: readonly number[]) => values.reduce((found, value) => Math.min(found, value));
const most = (values: readonly number[]) => values.reduce((found, value) => Math.max(found, value));
