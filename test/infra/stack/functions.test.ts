/** How the functions run on AWS: one runtime, one environment each, logs that end. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { functions, queues, routes } from '../../../infra/topology.ts';
import type { FunctionRow, QueueRow } from '../../../infra/topology-rows.ts';
import { type FunctionName, functionSettings, isOptional, variableOf } from '../../../lib/config.ts';
import { synthesize } from './synthesized.ts';

const stack = synthesize();
const rows = Object.entries<FunctionRow>(functions);
const environmentSchema = z.object({ Variables: z.record(z.string(), z.string()) });
const values = new Map([
  ['CONNECTIONS_TABLE', '<Tables/Connections>'],
  ['ACTIVITY_TABLE', '<Tables/Activity>'],
  ['VAULT_KEY_ID', '<VaultKey.Arn>'],
  ['PUBLIC_URL', '<Api/Http.ApiEndpoint>'],
  ['STATE_SECRET_ID', '<Secrets/State>'],
  ['SESSION_KEY_SECRET_ID', '<Secrets/SessionKey>'],
  ['EVENTS_QUEUE_URL', '<Queues/events/Queue>'],
  ['REFRESH_QUEUE_URL', '<Queues/refresh/Queue>'],
  ['RESCUE_QUEUE_URL', '<Queues/rescue/Queue>'],
  ['JOBS_QUEUE_URL', '<Queues/jobs/Queue>'],
  ['INCOMING_DEAD_LETTERS_ARN', '<Queues/incoming/DeadLetters.Arn>'],
  ['EVENTS_DEAD_LETTERS_ARN', '<Queues/events/DeadLetters.Arn>'],
  ['DELIVERIES_DEAD_LETTERS_ARN', '<Queues/deliveries/DeadLetters.Arn>'],
  ['INCOMING_QUEUE_URL', '<Queues/incoming/Queue>'],
  ['APP_SECRET_PREFIX', 'hawser/apps/'],
  ['DELIVERIES_QUEUE_URL', '<Queues/deliveries/Queue>'],
  ['DELIVERIES_DEAD_LETTERS_URL', '<Queues/deliveries/DeadLetters>'],
]);

describe('the stack', () => {
  it('has exactly the functions of the topology', () => {
    const paths = stack.ofType('AWS::Lambda::Function').map(({ path }) => path);

    expect(paths.toSorted()).toEqual(rows.map(([name]) => `Functions/${name}/Function`).toSorted());
  });

  it('never sets the settings that loosen the checks on platforms', () => {
    expect(stack.text).not.toContain('INSECURE_ORIGINS');
    expect(stack.text).not.toContain('PLATFORM_ORIGINS');
    expect(stack.text).not.toContain('AWS_ENDPOINT_URL');
  });
});

describe('a function that the API calls', () => {
  it('times out before the gateway does after 30 s', () => {
    const timeouts = routes.map(({ functionName }) => functions[functionName].timeoutSeconds);

    expect(Math.max(...timeouts)).toBeLessThan(30);
  });
});

describe.each(rows)('the function %s', (name, row) => {
  it('runs on Node 24 and arm64, within the limits of its row', () => {
    expect(propertiesOf(name)).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      Timeout: row.timeoutSeconds,
      MemorySize: row.memoryMb,
      Description: row.description,
      TracingConfig: { Mode: 'Active' },
    });
  });

  it('receives exactly its settings', () => {
    const { Variables } = environmentSchema.parse(propertiesOf(name)['Environment']);

    expect(Variables).toEqual({ ...expectedSettings(name), NODE_OPTIONS: '--enable-source-maps' });
  });

  it('has recursive loop detection, unless it sends to the queue that it consumes', () => {
    const worked = Object.entries<QueueRow>(queues).filter(([, { worker }]) => worker?.function === name);
    const sendsTo = row.permissions.flatMap((right) =>
      right.on === 'queue' && right.actions.includes('sqs:SendMessage') ? [right.queue] : [],
    );
    const selfInvoking = worked.some(([queue]) => sendsTo.some((other) => other === queue));

    expect(propertiesOf(name)['RecursiveLoop']).toBe(selfInvoking ? 'Allow' : undefined);
  });

  it('writes to a dedicated log group with limited retention', () => {
    const group = stack.ofType('AWS::Logs::LogGroup').find(({ path }) => path === `Functions/${name}/Logs`);

    expect(propertiesOf(name)['LoggingConfig']).toEqual({ LogGroup: `<Functions/${name}/Logs>` });
    expect(group?.properties['RetentionInDays']).toBe(90);
  });
});

function propertiesOf(name: string): Readonly<Record<string, unknown>> {
  const path = `Functions/${name}/Function`;
  return stack.ofType('AWS::Lambda::Function').find((each) => each.path === path)?.properties ?? {};
}

function expectedSettings(name: string): Record<string, string | undefined> {
  return Object.fromEntries(
    functionSettings[name as FunctionName]
      .filter((setting) => !isOptional(setting))
      .map((setting) => [variableOf(setting), values.get(variableOf(setting))]),
  );
}
