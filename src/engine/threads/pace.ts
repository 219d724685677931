/**
 * Which is faster, one thread or several, by the clock: on a machine that is busy, or that lets a process have less time than
 * its cores, the others are better left asleep.
 */

/** What is compared: times of at least so many steps and milliseconds. */
const WINDOW_STEPS = 8;
const WINDOW_MILLISECONDS = 100;

/** Windows on one thread before several are tried again, at most. */
const LONGEST_REST = 64;

export class Pace {
  /** Time over estimate, on one thread. */
  private alone = Number.POSITIVE_INFINITY;
  private threaded = false;
  private steps = 0;
  private time = 0;
  private estimate = 0;
  /** Windows on one thread until several are tried. */
  private resting = 0;
  private rest = 1;

  /** Whether the next step should be one of several threads. */
  get wantsThreads(): boolean {
    return this.resting === 0;
  }

  /** A step that took `ms`; estimates are those of one thread, and only their ratios count. */
  add(threaded: boolean, ms: number, estimate: number): void {
    if (threaded !== this.threaded) this.close();
    this.threaded = threaded;
    this.steps++;
    this.time += ms;
    this.estimate += estimate;
    if (this.steps >= WINDOW_STEPS && this.time >= WINDOW_MILLISECONDS) this.close();
  }

  private close(): void {
    const { steps, time, estimate, threaded, alone } = this;
    this.steps = 0;
    this.time = 0;
    this.estimate = 0;
    if (steps < WINDOW_STEPS) return;
    const taken = time / estimate;
    if (!threaded) {
      this.alone = taken;
      if (this.resting > 0) this.resting--;
    } else if (taken > alone) {
      this.resting = this.rest;
      this.rest = Math.min(2 * this.rest, LONGEST_REST);
    } else {
      this.rest = 1;
    }
  }
}
