/** The topology as a CloudFormation stack, one per stage. This file wires the resources together; `constructs/` creates each of them. */
import { type App, Aws, CfnOutput, Stack } from 'aws-cdk-lib';
import { acceptFindings } from './constructs/accepted-findings.ts';
import { createAlarms } from './constructs/alarms.ts';
import { createApi, serveRoutes } from './constructs/api.ts';
import { createFunctions } from './constructs/functions.ts';
import { workQueues } from './constructs/queue-workers.ts';
import { createQueues, type Queues } from './constructs/queues.ts';
import { startClock } from './constructs/schedules.ts';
import { createSecrets } from './constructs/secrets.ts';
import { createTables } from './constructs/tables.ts';
import { createVaultKey } from './constructs/vault-key.ts';
import type { SettingValues } from './environment.ts';
import { defaultStage, type StackOptions } from './stack-options.ts';
import { queueNames, queueOutputs } from './topology.ts';

/** @param bundles holds one folder for each function, as `infra/bundle.ts` makes them. */
export function createStack(app: App, options: StackOptions, bundles: string): Stack {
  const { stage, domain, tenantKmsKeyArns, eventBusArns, alarmTopicArn } = options;
  const stack = new Stack(app, `Hawser-${stage}`, {
    description: "Keeps an application's users connected to outside accounts",
    terminationProtection: stage === defaultStage,
  });
  const tables = createTables(stack);
  const vaultKey = createVaultKey(stack, options);
  const secrets = createSecrets(stack, stage);
  const queues = createQueues(stack);
  const api = createApi(stack, domain);

  const settings: SettingValues = {
    connectionsTable: tables.connections.tableName,
    activityTable: tables.activity.tableName,
    vaultKeyId: vaultKey.keyArn,
    publicUrl: api.publicUrl,
    stateSecretId: secrets.stateSecret,
    sessionKeySecretId: secrets.sessionKey,
    eventsQueueUrl: queues.events.queue.queueUrl,
    refreshQueueUrl: queues.refresh.queue.queueUrl,
    rescueQueueUrl: queues.rescue.queue.queueUrl,
    jobsQueueUrl: queues.jobs.queue.queueUrl,
    incomingQueueUrl: queues.incoming.queue.queueUrl,
    incomingDeadLettersArn: queues.incoming.deadLetters.queueArn,
    eventsDeadLettersArn: queues.events.deadLetters.queueArn,
    deliveriesDeadLettersArn: queues.deliveries.deadLetters.queueArn,
    deliveriesQueueUrl: queues.deliveries.queue.queueUrl,
    deliveriesDeadLettersUrl: queues.deliveries.deadLetters.queueUrl,
    appSecretPrefix: secrets.appPrefix,
    proactiveRefresh: options.proactiveRefresh,
    // On AWS, functions call the real platforms, and only over TLS.
    platformOrigins: undefined,
    insecureOrigins: undefined,
  };
  const holdings = { tables, vaultKey, secrets, queues, tenantKmsKeyArns, eventBusArns };
  const functions = createFunctions(stack, { bundles, settings, holdings });
  serveRoutes(api, functions);
  workQueues(queues, functions);
  startClock(stack, functions);
  createAlarms(stack, { api: api.api, functions, tables, queues }, alarmTopicArn);
  acceptFindings(stack, secrets);

  writeOutputs(stack, {
    ApiUrl: api.publicUrl,
    ConnectionsTable: tables.connections.tableName,
    ActivityTable: tables.activity.tableName,
    VaultKeyId: vaultKey.keyArn,
    StateSecretId: secrets.stateSecret,
    SessionKeySecretId: secrets.sessionKey,
    AppSecretPrefix: secrets.appPrefix,
    Region: Aws.REGION,
    ...queueUrls(queues),
    ...(api.domainName && { DomainTarget: api.domainName.regionalDomainName }),
  });
  return stack;
}

function queueUrls(queues: Queues): Readonly<Record<string, string>> {
  const entries = queueNames.flatMap((name) => {
    const outputs = queueOutputs(name);
    const { queue, deadLetters } = queues[name];
    return [
      [outputs.queue, queue.queueUrl],
      [outputs.deadLetters, deadLetters.queueUrl],
    ];
  });
  return Object.fromEntries(entries);
}

/** Writes the outputs that the command line reads after a deployment. */
function writeOutputs(stack: Stack, outputs: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(outputs)) new CfnOutput(stack, name, { value });
}
