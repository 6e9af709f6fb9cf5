/** `npm run hawser -- …`: runs the operator's command in this process. */
import { run } from './run.ts';

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  folder: process.cwd(),
  now: () => Date.now(),
  fetch: (input, init) => fetch(input, init),
});
