/** Milliseconds of the shortest step. The event loop turns between steps, as it does in fit: worker threads start meanwhile. */
export async function shortest(run: () => unknown, seconds: number, least: number): Promise<number> {
  const turn = () => new Promise((next) => setImmediate(next));
  for (let i = 0; i < (least > 3 ? 20 : 1); i++) {
    await run();
    await turn();
  }
  const times: number[] = [];
  for (const start = performance.now(); times.length < least || performance.now() - start < 1000 * seconds; ) {
    const begun = performance.now();
    await run();
    times.push(performance.now() - begun);
    await turn();
  }
  return Math.min(...times);
}
