/** Watches the memory behind every region of the engine's arenas: kernels may read a vector's length past it, and write nothing there. */
import { Arena } from '../../src/engine/arena.js';

/** Words behind every region. */
const WORDS = 16;
/** A NaN of no arithmetic and of its place, so that what is written there differs whatever it is, also a NaN that was read behind another region. */
const watchedAt = (word: number) => 0x7fe00000 | (Math.imul(word, 0x9e3779b1) >>> 12);

const watched = new WeakMap<Arena, { from: number; region: string }[]>();

/** Arena.reserve is private. */
interface Reserving {
  reserve(this: Arena, bytes: number): number;
}

const inner = Arena.prototype as unknown as Reserving;
const { reserve } = inner;
const { rewind } = Arena.prototype;

function watch(arena: Arena, from: number, region: string): { from: number; region: string } {
  const words = arena.i32;
  for (let i = from; i < from + WORDS; i++) words[i] = watchedAt(i);
  return { from, region };
}

/** Leaves a watched gap behind every region that an arena gives from now on. Threads of their own lay theirs out without. */
export function watchArenas(): void {
  inner.reserve = function (bytes): number {
    const address = reserve.call(this, bytes + 4 * WORDS);
    // No region begins at 0, the address of what there is none of.
    const regions = watched.get(this) ?? [watch(this, 0, 'address 0')];
    regions.push(watch(this, (address + bytes) >>> 2, `region ${regions.length}, ${bytes / 4} words`));
    watched.set(this, regions);
    return address;
  };
  Arena.prototype.rewind = function (mark) {
    rewind.call(this, mark);
    watched.set(
      this,
      (watched.get(this) ?? []).filter(({ from }) => 4 * from < mark),
    );
  };
}

/** Leaves no gaps any more, for suites whose threads are workers. */
export function unwatchArenas(): void {
  inner.reserve = reserve;
  Arena.prototype.rewind = rewind;
}

/** Throws where something was written behind a region. */
export function checkWatched(arena: Arena): void {
  if (inner.reserve === reserve) return;
  const regions = watched.get(arena);
  if (!regions?.length) throw new Error('no region of this arena is watched');
  const words = arena.i32;
  for (const { from, region } of regions)
    for (let i = 0; i < WORDS; i++)
      if (words[from + i] !== watchedAt(from + i)) throw new Error(`written ${i} words behind ${region}`);
}
