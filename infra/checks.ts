/**
 * The checks that every synthesis must pass, offline: cdk-nag's rules, in addition to CloudFormation's own, which
 * `cdk.json` turns into errors (`validateAgainstDefaultRules`).
 */
import { type App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';

export function addChecks(app: App): void {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
}
