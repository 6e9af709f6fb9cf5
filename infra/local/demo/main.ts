/** `npm run demo`: the whole journey by itself, each step with its HTTP exchange. Exits with 1 when a step is not as told. */
import { runDemo } from './run-demo.ts';

const stopping = new AbortController();
// The reader may close the pipe early, as `head` does.
process.stdout.on('error', () => stopping.abort());
process.once('SIGINT', () => stopping.abort());
process.once('SIGTERM', () => stopping.abort());

process.exitCode = await runDemo({
  write: (text) => process.stdout.write(text),
  // https://no-color.org: set to anything but the empty text.
  colour: process.stdout.isTTY === true && !process.env['NO_COLOR'],
  environment: process.env,
  now: () => Date.now(),
  fetch: (input, init) => fetch(input, init),
  signal: stopping.signal,
});
