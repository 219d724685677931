/** What the command line needs of a stream: a process's own, or a test's. */
export interface OutputStream {
  /** False when the reader is slow, until 'drain'. */
  write(text: string): unknown;
  once?(event: 'drain', listener: () => void): unknown;
  isTTY?: boolean;
  columns?: number;
}

export interface Streams {
  stdout: OutputStream;
  stderr: OutputStream;
}
