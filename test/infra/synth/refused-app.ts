/**
 * The stack with one queue too many: `impossible`, which CloudFormation would refuse, or `careless`, which cdk-nag does.
 * Runs in the folder it may write to.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { App, CfnResource } from 'aws-cdk-lib';
import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { z } from 'zod';
import { addChecks } from '../../../infra/checks.ts';
import { createStack } from '../../../infra/stack.ts';
import { functions } from '../../../infra/topology.ts';

const cdkJson = resolve(import.meta.dirname, '../../../cdk.json');
const { context } = z
  .object({ context: z.record(z.string(), z.unknown()) })
  .parse(JSON.parse(readFileSync(cdkJson, 'utf8')));
const app = new App({ outdir: 'out', context });
addChecks(app);
for (const name of Object.keys(functions)) mkdirSync(join('bundles', name), { recursive: true });
const stack = createStack(app, { stage: 'refused', tenantKmsKeyArns: [], eventBusArns: [] }, 'bundles');
if (process.argv[2] === 'careless') {
  new CfnQueue(stack, 'Queue');
} else {
  // cdk-nag does not look at resources that are not of its classes.
  new CfnResource(stack, 'Queue', { type: 'AWS::SQS::Queue', properties: { DelaySeconds: 99_999 } });
}
app.synth();
