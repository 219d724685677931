/** Gives the event loop its turn when it has waited long, in Node and in browsers. */
export class EventLoop {
  private last = performance.now();

  constructor(private readonly longestMs = 25) {}

  /** Whether it is time for turn(). */
  get waits(): boolean {
    return performance.now() - this.last > this.longestMs;
  }

  /** Lets timers, input and other work run. */
  async turn(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (typeof setImmediate === 'function') setImmediate(resolve);
      else nextMessage(resolve);
    });
    this.last = performance.now();
  }
}

/** Lets timers, input and other work run between two long steps. */
export function otherWork(): Promise<void> {
  return new EventLoop().turn();
}

/** A message comes back without the 4 ms that browsers make nested timers wait. */
function nextMessage(resolve: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    resolve();
  };
  port2.postMessage(null);
}
