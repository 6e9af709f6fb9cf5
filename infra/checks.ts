/**
 * What every synthesis must pass, offline: cdk-nag's rules, beside the rules of CloudFormation itself, which `cdk.json`
 * turns into errors (`validateAgainstDefaultRules`).
 */
import { type App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';

export function addChecks(app: App): void {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
}
