/** The functions of the topology, each with its own bundle, role, log group and environment. Other constructs add their triggers. */
import { join } from 'node:path';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  RecursiveLoop,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FunctionName } from '../../lib/config.ts';
import { environmentOf, type SettingValues } from '../environment.ts';
import { functions } from '../topology.ts';
import type { FunctionRow } from '../topology-rows.ts';
import { type Holdings, statementFor } from './permissions.ts';
import { allowUse } from './vault-key.ts';

export type Functions = Readonly<Record<FunctionName, LambdaFunction>>;

/** One place to raise it. */
const runtime = Runtime.NODEJS_24_X;
export const logRetention = RetentionDays.THREE_MONTHS;

export interface FunctionsProps {
  /** The folder with one bundle folder per function. */
  readonly bundles: string;
  readonly settings: SettingValues;
  readonly holdings: Holdings;
}

export function createFunctions(parent: Construct, props: FunctionsProps): Functions {
  const scope = new Construct(parent, 'Functions');
  const names = Object.keys(functions) as FunctionName[];
  return Object.fromEntries(names.map((name) => [name, createFunction(scope, name, props)])) as Functions;
}

function createFunction(parent: Construct, name: FunctionName, props: FunctionsProps): LambdaFunction {
  const row: FunctionRow = functions[name];
  const scope = new Construct(parent, name);
  const logGroup = new LogGroup(scope, 'Logs', {
    retention: logRetention,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = createRole(scope, row, logGroup, props.holdings);
  return new LambdaFunction(scope, 'Function', {
    description: row.description,
    runtime,
    architecture: Architecture.ARM_64,
    code: Code.fromAsset(join(props.bundles, name)),
    handler: 'index.handler',
    timeout: Duration.seconds(row.timeoutSeconds),
    memorySize: row.memoryMb,
    environment: {
      ...environmentOf(name, props.settings),
      NODE_OPTIONS: '--enable-source-maps',
    },
    role,
    logGroup,
    // Adds the two X-Ray actions, which do not support resources.
    tracing: Tracing.ACTIVE,
    // https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
    ...(row.selfInvoking && { recursiveLoop: RecursiveLoop.ALLOW }),
  });
}

function createRole(scope: Construct, row: FunctionRow, logGroup: LogGroup, holdings: Holdings): Role {
  const role = new Role(scope, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  role.addToPolicy(
    new PolicyStatement({
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    }),
  );
  for (const permission of row.permissions) {
    const statement = statementFor(Stack.of(scope), permission, holdings);
    if (statement) role.addToPolicy(statement);
    if (permission.on === 'vaultKey') {
      const { actions, purpose } = permission;
      allowUse(holdings.vaultKey, { principals: [role], actions, purpose });
    }
  }
  return role;
}
