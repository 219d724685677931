/** What asks a program to end, with the exit code that tells so: 128 and the signal's number. */
const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

type Name = keyof typeof codes;

export interface Signals {
  signal: AbortSignal;
  /** The exit code of the signal that came. */
  code(): number | undefined;
  /** Begins to listen; until then a signal ends the process at once, also in the middle of a calculation. */
  listen(): void;
  /** Does what the first Ctrl-C does; nothing after one. */
  interrupt(): void;
  release(): void;
}

/**
 * Once listened for, the first Ctrl-C, SIGTERM or SIGHUP aborts the signal; a second one ends the process, as if nothing were
 * listening.
 */
export function onSignals(first: () => void): Signals {
  const controller = new AbortController();
  let received: Name | undefined;
  const receive = (name: Name) => {
    received = name;
    release();
    first();
    controller.abort();
  };
  const listeners = (Object.keys(codes) as Name[]).map((name) => ({ name, listener: () => receive(name) }));
  const listen = () => {
    if (received === undefined) for (const { name, listener } of listeners) process.once(name, listener);
  };
  const release = () => {
    for (const { name, listener } of listeners) process.removeListener(name, listener);
  };
  return {
    signal: controller.signal,
    code: () => received && codes[received],
    listen,
    interrupt: () => {
      if (received === undefined) receive('SIGINT');
    },
    release,
  };
}
