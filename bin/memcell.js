#!/usr/bin/env node
try {
  const { main } = await import('../dist/cli/main.js');
  await main();
} catch (error) {
  // Where no file may be opened, none of memcell's own modules is there to say so.
  if (error.code !== 'EMFILE' && error.code !== 'ENFILE') throw error;
  console.error(`memcell: too many open files (${error.code}): close some, or raise the limit (ulimit -n)`);
  process.exitCode = 1;
}
