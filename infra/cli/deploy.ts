/**
 * `npm run deploy`: deploys the stack with CDK and writes its outputs to the file that `npm run hawser` reads. It passes
 * arguments such as `-- -c stage=test` to CDK.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..', '..');
const outputsFile = join('.hawser', 'outputs.json');

/** Returns CDK's exit code. */
async function deploy(passedOn: readonly string[]): Promise<number> {
  const cdk = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');
  const child = spawn(
    process.execPath,
    [cdk, 'deploy', '--no-notices', '--outputs-file', outputsFile, ...passedOn],
    { cwd: root, stdio: 'inherit' },
  );
  const [code] = await once(child, 'exit');
  return typeof code === 'number' ? code : 1;
}

process.exitCode = await deploy(process.argv.slice(2));
if (process.exitCode === 0) {
  process.stdout.write(`\nDeployed; the outputs are in ${outputsFile}.\nNext: npm run hawser -- setup\n`);
}
