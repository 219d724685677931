/**
 * The syntax of the spec notation, without a meaning: `LSTM(64, return_sequences=true), Dense(10, softmax)`.
 *
 *     spec   = [ "Sequential" ] ( "(" | "[" )… calls ( ")" | "]" )…
 *     call   = name [ "(" [ arg { "," arg } [ "," ] ] ")" ]
 *     arg    = [ name "=" ] value
 *     value  = number | "string" | 'string' | true | false | None | null | list | call with parentheses | bare word
 *     list   = "(" … ")" | "[" … "]"
 */
import { type MemcellError, modelError } from '../errors.js';
import { isRecord } from '../fields.js';

export type Value = number | boolean | string | null | Value[] | Call;

/** A name with arguments: a layer, or an option's value such as l2(0.01). */
export interface Call {
  name: string;
  positional: Value[];
  named: Record<string, Value>;
  /** Where in the text the name and each argument start; absent in calls that were not parsed. */
  at?: { name: number; positional: number[]; named: Record<string, number> };
}

export function isCall(value: Value): value is Call {
  return isRecord(value);
}

/** Deeper nesting than this is a mistake; three is common: Bidirectional(LSTM(8, kernel_regularizer=l2(0.01))). */
const mostNesting = 20;

const keywords: Record<string, Value> = { true: true, false: false, none: null, null: null };

/**
 * An error at a place of the text. Its first line stands alone; the text follows with a caret under the place.
 * `problem` may end in a remedy after a semicolon, which goes behind the place.
 */
export function errorAt(text: string, at: number, problem: string): MemcellError {
  const start = text.lastIndexOf('\n', at - 1) + 1;
  const end = text.indexOf('\n', at);
  const line = text.slice(start, end < 0 ? undefined : end);
  const [what, ...remedy] = problem.split(';');
  const message = [`${what} at character ${at + 1}`, ...remedy].join(';');
  return modelError(`layers: ${message}\n  ${line}\n  ${' '.repeat(at - start)}^`);
}

/** The calls of a spec, in order. */
export function parseCalls(text: string): Call[] {
  return new Parser(text).spec();
}

class Parser {
  private at = 0;
  private depth = 0;

  constructor(private readonly text: string) {}

  spec(): Call[] {
    const open: { closing: string; at: number }[] = [];
    if (this.peek(/Sequential\s*\(/y)) this.name();
    for (let bracket = this.bracket(); bracket; bracket = this.bracket()) open.push(bracket);
    const calls: Call[] = [];
    while (this.more(open.at(-1)?.closing)) {
      calls.push(this.call());
      if (!this.skip(',')) break;
    }
    for (const { closing, at } of open.reverse()) this.close(closing, at);
    if (this.more()) throw this.unexpected('"," or the end');
    return calls;
  }

  private bracket(): { closing: string; at: number } | undefined {
    const at = this.start();
    for (const [opening, closing] of ['()', '[]']) if (this.skip(opening)) return { closing, at };
    return undefined;
  }

  private call(): Call {
    const at = this.start();
    const name = this.name();
    if (!this.peek(/\(/y)) return { name, positional: [], named: {}, at: { name: at, positional: [], named: {} } };
    return this.argumentsOf(name, at);
  }

  private argumentsOf(name: string, at: number): Call {
    const opened = this.start();
    this.skip('(');
    const call = { name, positional: [] as Value[], named: {} as Record<string, Value> };
    const places = { name: at, positional: [] as number[], named: {} as Record<string, number> };
    while (this.more(')')) {
      const start = this.start();
      if (this.peek(/[A-Za-z_]\w*\s*=/y)) {
        const option = this.name();
        this.skip('=');
        if (Object.hasOwn(call.named, option)) throw errorAt(this.text, start, `${option} is given twice`);
        places.named[option] = start;
        call.named[option] = this.value();
      } else {
        if (Object.keys(call.named).length > 0) {
          throw errorAt(this.text, start, `a value without a name after named ones; write name=value`);
        }
        places.positional.push(start);
        call.positional.push(this.value());
      }
      if (!this.skip(',')) break;
    }
    this.close(')', opened);
    return { ...call, at: places };
  }

  private value(): Value {
    if (++this.depth > mostNesting) throw errorAt(this.text, this.start(), `nested more than ${mostNesting} deep`);
    const value = this.unguardedValue();
    this.depth--;
    return value;
  }

  private unguardedValue(): Value {
    const at = this.start();
    const bracket = this.bracket();
    if (bracket) {
      const items: Value[] = [];
      while (this.more(bracket.closing)) {
        items.push(this.value());
        if (!this.skip(',')) break;
      }
      this.close(bracket.closing, bracket.at);
      return items;
    }
    if (this.peek(/["']/y)) return this.quoted();
    if (this.peek(/[A-Za-z_]/y)) {
      const name = this.name();
      if (this.peek(/\(/y)) return this.argumentsOf(name, at);
      const keyword = name.toLowerCase();
      return Object.hasOwn(keywords, keyword) ? keywords[keyword] : name;
    }
    const [number] = this.match(/[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?(?![\w.])/iy) ?? [];
    if (number === undefined) throw this.unexpected('a value');
    return Number(number);
  }

  private quoted(): string {
    const at = this.start();
    const [, double, single] = this.match(/"([^"\\]*(?:\\.[^"\\]*)*)"|'([^'\\]*(?:\\.[^'\\]*)*)'/sy) ?? [];
    const inner = double ?? single;
    if (inner === undefined) throw errorAt(this.text, at, 'a string that does not end');
    return inner.replace(/\\(.)/gs, '$1');
  }

  /** A name, without the modules before it: keras.layers.LSTM is LSTM. */
  private name(): string {
    const [name] = this.match(/[A-Za-z_]\w*(\.[A-Za-z_]\w*)*/y) ?? [];
    if (name === undefined) throw this.unexpected('a layer');
    return name.slice(name.lastIndexOf('.') + 1);
  }

  /** Skips white space; the place of what comes next. */
  private start(): number {
    const space = /\s*/y;
    space.lastIndex = this.at;
    space.exec(this.text);
    this.at = space.lastIndex;
    return this.at;
  }

  private more(closing?: string): boolean {
    const at = this.start();
    return at < this.text.length && this.text[at] !== closing;
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.start();
    const found = pattern.exec(this.text);
    if (found) this.at = pattern.lastIndex;
    return found;
  }

  private peek(pattern: RegExp): boolean {
    pattern.lastIndex = this.start();
    return pattern.test(this.text);
  }

  private skip(character: string): boolean {
    if (this.text[this.start()] !== character) return false;
    this.at++;
    return true;
  }

  private close(closing: string, opened: number): void {
    if (this.skip(closing)) return;
    if (this.more()) throw this.unexpected(`"," or "${closing}"`);
    throw errorAt(this.text, opened, `"${this.text[opened]}" is not closed`);
  }

  private unexpected(wanted: string): MemcellError {
    const at = this.start();
    const found = at < this.text.length ? `'${this.text[at]}'` : 'the end';
    return errorAt(this.text, at, `expected ${wanted}, found ${found}`);
  }
}

/** The text of calls, which parseCalls reads back as the same calls. */
export function printCalls(calls: readonly Call[]): string {
  return calls.map(printCall).join(', ');
}

function printCall({ name, positional, named }: Call): string {
  const options = Object.entries(named).map(([option, value]) => `${option}=${printValue(value)}`);
  return `${name}(${[...positional.map(printValue), ...options].join(', ')})`;
}

function printValue(value: Value): string {
  if (value === null) return 'None';
  if (Array.isArray(value)) return `[${value.map(printValue).join(', ')}]`;
  if (typeof value === 'object') return printCall(value);
  if (typeof value !== 'string') return String(value);
  const bare = /^[A-Za-z_]\w*$/.test(value) && !Object.hasOwn(keywords, value.toLowerCase());
  return bare ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}
