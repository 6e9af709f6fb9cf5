/** Invokes the topology's scheduled functions with EventBridge Scheduler. A failed run is not retried, because the next one follows soon. */
import { Aws, Duration } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { EventInvokeConfig, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnSchedule, ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import type { FunctionName } from '../../lib/config.ts';
import { schedules } from '../topology.ts';
import type { Functions } from './functions.ts';

export function startClock(parent: Construct, functions: Functions): void {
  const scope = new Construct(parent, 'Clock');
  for (const [name, { everySeconds }] of Object.entries(schedules)) {
    createSchedule(scope, name, functions[name as FunctionName], Duration.seconds(everySeconds));
  }
}

function createSchedule(parent: Construct, name: string, target: LambdaFunction, every: Duration): void {
  const scope = new Construct(parent, name);
  const role = new Role(scope, 'Role', {
    assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
  });
  role.addToPolicy(
    new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [target.functionArn] }),
  );
  const schedule = new CfnSchedule(scope, 'Schedule', {
    scheduleExpression: ScheduleExpression.rate(every).expressionString,
    flexibleTimeWindow: { mode: 'OFF' },
    target: {
      arn: target.functionArn,
      roleArn: role.roleArn,
      retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
    },
  });
  schedule.node.addDependency(role);
  new EventInvokeConfig(scope, 'Invocation', {
    function: target,
    retryAttempts: 0,
    maxEventAge: Duration.seconds(60),
  });
}
