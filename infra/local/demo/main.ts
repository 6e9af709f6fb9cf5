/** `npm run demo`: plays every scene and prints each HTTP exchange. Exits with 1 when a step does not go as expected. */
import { runDemo } from './run-demo.ts';

const stopping = new AbortController();
// The reader may close the pipe early, as `head` does.
process.stdout.on('error', () => stopping.abort());
process.once('SIGINT', () => stopping.abort());
process.once('SIGTERM', () => stopping.abort());

process.exitCode = await runDemo({
  write: (text) => process.stdout.write(text),
  // https://no-color.org: any value but the empty string turns colours off.
  colour: process.stdout.isTTY === true && !process.env['NO_COLOR'],
  environment: process.env,
  now: () => Date.now(),
  fetch: (input, init) => fetch(input, init),
  signal: stopping.signal,
});
