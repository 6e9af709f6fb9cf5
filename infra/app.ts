/** The CDK app: reads the deployment's options and creates the stack, which must pass the checks. */
import { App } from 'aws-cdk-lib';
import { bundlesFolder } from './bundle.ts';
import { addChecks } from './checks.ts';
import { createStack } from './stack.ts';
import { readOptions } from './stack-options.ts';

const app = new App();
addChecks(app);
createStack(app, readOptions(app.node), bundlesFolder);
app.synth();
