/**
 * Drops what tfjs says when it first runs on Node. jest tells where each thing was said, and so would read and decode tfjs's
 * source maps, a second in every test file.
 */
const { warn } = console;
console.warn = (...said: unknown[]) => {
  if (!String(said[0]).includes('Hi, looks like you are running TensorFlow.js in Node.js')) warn.apply(console, said);
};
