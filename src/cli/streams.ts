/** What the command line needs of a stream: a process's own, or a test's. */
export interface OutputStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

export interface Streams {
  stdout: OutputStream;
  stderr: OutputStream;
}
