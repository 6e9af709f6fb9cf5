/** The gate before every deployment: `npm run synth` lets the stack through, and nothing that AWS or good practice refuses. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
const run = promisify(execFile);
const patience = 60_000;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hawser-synth-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the synthesis', () => {
  it(
    'lets the stack through, with every choice an owner has',
    async () => {
      const cdk = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');
      const choices = {
        stage: 'gate',
        domainName: 'connect.example.com',
        certificateArn: 'arn:aws:acm:eu-west-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab',
        tenantKmsKeyArns: 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
        operatorRoleArn: 'arn:aws:iam::111122223333:role/operator',
        alarmTopicArn: 'arn:aws:sns:eu-west-1:111122223333:alarms',
        eventBusArns: 'arn:aws:events:eu-west-1:111122223333:event-bus/tenants',
      };
      const context = Object.entries(choices).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

      await run(process.execPath, [cdk, 'synth', '--quiet', '--no-notices', '--output', folder, ...context], {
        cwd: root,
        env: environment(),
      });

      expect(await readdir(folder)).toContain('Hawser-gate.template.json');
    },
    patience,
  );

  it.each([
    ['CloudFormation would refuse', 'impossible', 'CloudFormation-Validate::F3034'],
    ['is bad practice', 'careless', 'AwsSolutions::AwsSolutions-SQS3'],
  ])(
    'refuses what %s',
    async (_, fault, finding) => {
      const refusedApp = join(import.meta.dirname, 'refused-app.ts');

      const refusal = run(process.execPath, [refusedApp, fault], { cwd: folder, env: environment() });

      await expect(refusal).rejects.toThrow(finding);
    },
    patience,
  );
});

/** This process's own, without what turns checks off. */
function environment(): NodeJS.ProcessEnv {
  const { CDK_VALIDATION: _, ...rest } = process.env;
  const node = join(root, 'node_modules', '.bin');
  return { ...rest, PATH: `${node}:${rest['PATH'] ?? ''}` };
}
