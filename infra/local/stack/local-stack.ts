/**
 * The topology on this machine: AWS endpoints, sandbox platforms, a gateway, and each function in its own worker with
 * no more than its row allows. The product code is the one that runs on AWS; only addresses differ.
 */
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { QueueUrls } from '../../../lib/admin/deps.ts';
import { createOperator, type Operator } from '../../../lib/admin/operator.ts';
import type { FunctionName } from '../../../lib/config.ts';
import { createPlatformHttp } from '../../../lib/platform-http/platform-http.ts';
import { builtIn } from '../../../lib/platforms/built-in.ts';
import { createProviders } from '../../../lib/providers/providers.ts';
import { openTable } from '../../../lib/table/table.ts';
import { environmentOf, type SettingValues } from '../../environment.ts';
import { appSecretPrefix, cors, functions, routes, type ScheduleName } from '../../topology.ts';
import { queueArn } from '../aws/account.ts';
import type { Intercept } from '../aws/front/front.ts';
import { type LocalAws, startLocalAws } from '../aws/local-aws.ts';
import { type AccessLogLine, startGateway } from '../gateway/gateway.ts';
import { startRunner } from '../lambda/function-runner.ts';
import { startQueueWorkers } from '../lambda/queue-workers.ts';
import { accessKeyIdOf, grantsOf } from './function-grants.ts';
import { deadLetterName, localNames, localQueueUrls, provision } from './provision.ts';
import { runSchedule, startSchedules } from './schedules.ts';
import { type Platforms, startPlatforms } from './start-platforms.ts';

export interface LocalStackOptions {
  /** The folder that keeps all data across restarts; in memory when absent. */
  readonly folder?: string;
  /** Port of the API; 0 takes any free one. */
  readonly port: number;
  /** Ports that were used before, taken again where free, so that links and registrations stay valid. */
  readonly ports?: Readonly<Record<string, number>>;
  /** The environment of the machine: endpoints and credentials in it are used instead of the embedded ones. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  /** Called for each line that a function writes. */
  readonly onOutput: (functionName: string, line: string) => void;
  /** Called for each request that the API answered, with what an access log would hold. */
  readonly onAccess?: (line: AccessLogLine) => void;
  /** Faults of the AWS endpoints, for tests. */
  readonly intercept?: Intercept;
  /** Permissions that differ from the topology's, for tests. */
  readonly rows?: Parameters<typeof grantsOf>[1];
  /** The origin of the return page; the stack accepts plain http for it. */
  readonly returnOrigin?: string;
}

export interface LocalStack {
  readonly apiUrl: string;
  readonly platforms: Platforms;
  readonly operator: Operator;
  /** The embedded AWS, to count its calls. */
  readonly aws: LocalAws;
  readonly endpoints: Readonly<Record<AwsService, string>>;
  /** Origins for which plain http is accepted; grows before a function has started, and not after. */
  readonly insecureOrigins: string[];
  /** Runs a scheduled function now. Rejects when it fails. */
  runSchedule(name: ScheduleName): Promise<void>;
  close(): Promise<void>;
}

type AwsService = 'dynamodb' | 'sqs' | 'kms' | 'secretsmanager' | 'eventbridge';
const services = [
  'dynamodb',
  'sqs',
  'kms',
  'secretsmanager',
  'eventbridge',
] as const satisfies readonly AwsService[];
const endpointVariables = {
  dynamodb: 'AWS_ENDPOINT_URL_DYNAMODB',
  sqs: 'AWS_ENDPOINT_URL_SQS',
  kms: 'AWS_ENDPOINT_URL_KMS',
  secretsmanager: 'AWS_ENDPOINT_URL_SECRETS_MANAGER',
  eventbridge: 'AWS_ENDPOINT_URL_EVENTBRIDGE',
} as const;
const functionFolder = join(import.meta.dirname, '..', '..', '..', 'functions');

/** @throws Error when a port or the folder is in use, in words that say what to do. */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const { folder, now } = options;
  const deps = new AsyncDisposableStack();
  try {
    const aws = deps.adopt(
      await startLocalAws({
        ...(folder !== undefined && { folder: join(folder, 'aws') }),
        grantsOf: (accessKeyId) => grantsOf(accessKeyId, options.rows),
        now,
        ...(options.intercept && { intercept: options.intercept }),
        anyRegion: usesForeignEndpoints(options.environment),
      }),
      (running) => running.close(),
    );
    const endpoints = endpointsOf(aws, options.environment);
    const platforms = deps.adopt(
      await startPlatforms({
        ...(folder !== undefined && { folder: join(folder, 'platforms') }),
        ports: options.ports ?? {},
        now,
      }),
      (running) => running.close(),
    );
    const insecureOrigins = [
      ...platforms.origins,
      ...(options.returnOrigin === undefined ? [] : [options.returnOrigin]),
    ];

    const clients = operatorClients(endpoints, options.environment, aws);
    await provision(clients);
    const queueUrls = localQueueUrls(endpoints.sqs);
    const operator = createOperator({
      connections: openTable(clients.dynamoDb, localNames.connectionsTable),
      activity: openTable(clients.dynamoDb, localNames.activityTable),
      secrets: clients.secrets,
      kms: clients.kms,
      sqs: clients.sqs,
      queueUrls,
      names: { ...localNames, appSecretPrefix },
      providers: createProviders({ builtIn }),
      http: createPlatformHttp({ fetch: (input, init) => fetch(input, init), insecureOrigins }),
      insecureOrigins,
      now,
    });
    await operator.setUp();

    // The address is known only once the gateway listens, and no function starts before its first call.
    let apiUrl = '';
    const runner = deps.adopt(
      startRunner({
        entryOf: (name) => join(functionFolder, `${name}.ts`),
        environmentOf: (name) => ({
          ...environmentOf(
            name as FunctionName,
            settingValues(apiUrl, platforms, insecureOrigins, queueUrls),
          ),
          ...awsEnvironment(name as FunctionName, endpoints, options.environment, aws),
        }),
        timeoutSecondsOf: (name) => functions[name as FunctionName].timeoutSeconds,
        onOutput: (name, line) => options.onOutput(name, line),
      }),
      (running) => running.close(),
    );
    const gateway = deps.adopt(
      await startGateway({
        routes,
        cors,
        host: 'localhost',
        port: options.port,
        invoke: (name, event) => runner.invoke(name, event),
        accessLog: options.onAccess,
        now,
      }),
      (running) => running.close(),
    );
    apiUrl = gateway.url;
    await platforms.register(apiUrl, operator);
    const invoke = (name: FunctionName, event: unknown) => runner.invoke(name, event);
    deps.adopt(startQueueWorkers({ sqs: clients.sqs, urls: queueUrls, invoke, now }), (running) =>
      running.close(),
    );
    deps.adopt(startSchedules({ invoke, now }), (running) => running.close());
    return {
      apiUrl,
      platforms,
      operator,
      aws,
      endpoints,
      insecureOrigins,
      runSchedule: (name) => runSchedule({ invoke, now }, name),
      close: () => deps.disposeAsync(),
    };
  } catch (error) {
    await deps.disposeAsync();
    throw error;
  }
}

function settingValues(
  apiUrl: string,
  platforms: Platforms,
  insecureOrigins: readonly string[],
  queueUrls: QueueUrls,
): SettingValues {
  const { connectionsTable, activityTable, vaultKeyId, stateSecretId, sessionKeySecretId } = localNames;
  return {
    connectionsTable,
    activityTable,
    vaultKeyId,
    stateSecretId,
    sessionKeySecretId,
    eventsQueueUrl: queueUrls.events.queue,
    refreshQueueUrl: queueUrls.refresh.queue,
    rescueQueueUrl: queueUrls.rescue.queue,
    jobsQueueUrl: queueUrls.jobs.queue,
    incomingQueueUrl: queueUrls.incoming.queue,
    incomingDeadLettersArn: queueArn(deadLetterName('incoming')),
    eventsDeadLettersArn: queueArn(deadLetterName('events')),
    deliveriesDeadLettersArn: queueArn(deadLetterName('deliveries')),
    deliveriesQueueUrl: queueUrls.deliveries.queue,
    deliveriesDeadLettersUrl: queueUrls.deliveries.deadLetters,
    appSecretPrefix,
    proactiveRefresh: undefined,
    publicUrl: apiUrl,
    platformOrigins: JSON.stringify(platforms.platformOrigins),
    insecureOrigins: JSON.stringify(insecureOrigins),
  };
}

/** An endpoint already named in the environment serves instead of the embedded one. */
function endpointsOf(
  aws: LocalAws,
  environment: LocalStackOptions['environment'],
): Record<AwsService, string> {
  const chosen = (service: AwsService) => environment[endpointVariables[service]] ?? aws.endpoints[service];
  return {
    dynamodb: chosen('dynamodb'),
    sqs: chosen('sqs'),
    kms: chosen('kms'),
    secretsmanager: chosen('secretsmanager'),
    eventbridge: chosen('eventbridge'),
  };
}

/** What Lambda would set: region, credentials that name the function, and here the endpoints. */
function awsEnvironment(
  name: FunctionName,
  endpoints: Readonly<Record<AwsService, string>>,
  environment: LocalStackOptions['environment'],
  aws: LocalAws,
): Record<string, string> {
  return {
    ...Object.fromEntries(services.map((service) => [endpointVariables[service], endpoints[service]])),
    ...credentialsOf(environment, aws, accessKeyIdOf(name)),
    // Functions must not read the developer's own AWS files.
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_LAMBDA_FUNCTION_NAME: `hawser-${name}`,
  };
}

function usesForeignEndpoints(environment: LocalStackOptions['environment']): boolean {
  return services.some((service) => environment[endpointVariables[service]] !== undefined);
}

/** Foreign endpoints want the credentials of the environment; the embedded ones take any, and tell functions apart by them. */
function credentialsOf(
  environment: LocalStackOptions['environment'],
  aws: LocalAws,
  accessKeyId: string,
): Record<string, string> {
  const foreign = usesForeignEndpoints(environment);
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: session } = environment;
  if (!foreign || id === undefined || secret === undefined) {
    return { AWS_REGION: aws.region, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: 'local' };
  }
  return {
    AWS_REGION: environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'] ?? aws.region,
    AWS_ACCESS_KEY_ID: id,
    AWS_SECRET_ACCESS_KEY: secret,
    ...(session !== undefined && { AWS_SESSION_TOKEN: session }),
  };
}

function operatorClients(
  endpoints: Readonly<Record<AwsService, string>>,
  environment: LocalStackOptions['environment'],
  aws: LocalAws,
) {
  const given = credentialsOf(environment, aws, 'operator');
  const shared = {
    region: given['AWS_REGION'] ?? aws.region,
    credentials: {
      accessKeyId: given['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: given['AWS_SECRET_ACCESS_KEY'] ?? '',
      ...(given['AWS_SESSION_TOKEN'] !== undefined && { sessionToken: given['AWS_SESSION_TOKEN'] }),
    },
  };
  return {
    dynamoDb: new DynamoDBClient({ ...shared, endpoint: endpoints.dynamodb }),
    kms: new KMSClient({ ...shared, endpoint: endpoints.kms }),
    secrets: new SecretsManagerClient({ ...shared, endpoint: endpoints.secretsmanager }),
    sqs: new SQSClient({ ...shared, endpoint: endpoints.sqs, useQueueUrlAsEndpoint: false }),
  };
}
