import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { describe, expect } from 'vitest';
import { deadLetterName, localNames, localQueueName } from '../../../infra/local/stack/provision.ts';
import { appSecretPrefix, queueNames, queueOutputs } from '../../../infra/topology.ts';
import { type CliFixture, openFolder, type Ran, runIn } from '../../support/cli/cli-fixture.ts';
import { it } from '../../support/fixtures/cli.ts';

const entry = resolve(import.meta.dirname, '../../../infra/cli/main.ts');

const outputs = {
  ApiUrl: 'https://api.example/',
  ConnectionsTable: localNames.connectionsTable,
  ActivityTable: localNames.activityTable,
  VaultKeyId: localNames.vaultKeyId,
  StateSecretId: localNames.stateSecretId,
  SessionKeySecretId: localNames.sessionKeySecretId,
  AppSecretPrefix: appSecretPrefix,
  Region: 'us-east-1',
  ...Object.fromEntries(
    queueNames.flatMap((name) => [
      [queueOutputs(name).queue, `https://sqs.us-east-1.amazonaws.com/000000000000/${localQueueName(name)}`],
      [
        queueOutputs(name).deadLetters,
        `https://sqs.us-east-1.amazonaws.com/000000000000/${deadLetterName(name)}`,
      ],
    ]),
  ),
};

/** `hawser` in a separate process, as `npm run hawser` starts it. */
function spawnIn(
  folder: string,
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  stdin = '',
): Promise<Ran> {
  return new Promise((done) => {
    const env = { PATH: process.env['PATH'] ?? '', HOME: folder, ...environment };
    const child = execFile(
      process.execPath,
      [entry, ...argv],
      { cwd: folder, env, timeout: 180_000 },
      (error, stdout, stderr) => {
        done({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
      },
    );
    child.stdin?.end(stdin);
  });
}

/** What points the AWS SDK, which knows nothing of this machine's stack, at it. */
function awsEnvironment(cli: CliFixture): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL_DYNAMODB: cli.stack.endpoints.dynamodb,
    AWS_ENDPOINT_URL_KMS: cli.stack.endpoints.kms,
    AWS_ENDPOINT_URL_SQS: cli.stack.endpoints.sqs,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: cli.stack.endpoints.secretsmanager,
    AWS_ACCESS_KEY_ID: 'an-operator',
    AWS_SECRET_ACCESS_KEY: 's4ndb0x',
  };
}

describe('the target of a command', () => {
  it('is the stack of the outputs file, with the credentials of the environment', async ({ cli }) => {
    using place = openFolder();
    place.write('.hawser/outputs.json', { HawserProd: outputs });

    const created = await spawnIn(place.folder, ['tenant', 'create', 'on-aws'], awsEnvironment(cli));
    const app = await spawnIn(
      place.folder,
      ['app', 'set', 'tiktok', '--client-id', 'aws'],
      awsEnvironment(cli),
      's4ndb0x-x',
    );

    expect(created).toMatchObject({ code: 0 });
    expect(created.stderr).toContain('Acting on AWS, stack HawserProd in us-east-1.');
    expect(app.stdout).toBe('https://api.example/integrations/callback/tiktok\n');
    expect(await cli.json('tenant show on-aws')).toMatchObject({ id: 'on-aws' });
  });

  it('takes the queues of a stack on AWS from its outputs, and requires a new deployment when they are missing', async ({
    cli,
  }) => {
    using place = openFolder();
    const { JobsQueueUrl: _, ...older } = outputs as Readonly<Record<string, string>>;
    place.write('.hawser/outputs.json', { HawserProd: outputs });
    place.write('older.json', { HawserProd: older });

    const counted = await spawnIn(place.folder, ['dlq', 'list', '--json'], awsEnvironment(cli));
    const refused = await spawnIn(
      place.folder,
      ['dlq', 'list', '--outputs', 'older.json'],
      awsEnvironment(cli),
    );

    expect(JSON.parse(counted.stdout)).toEqual({
      queues: queueNames.map((queue) => ({ queue, count: 0 })),
    });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('The outputs name no queue jobs. Run `npm run deploy` again.');
  });

  it('does not accept loopback return URLs on AWS', async ({ cli }) => {
    using place = openFolder();
    place.write('.hawser/outputs.json', { HawserProd: outputs });
    await spawnIn(place.folder, ['tenant', 'create', 'far-away'], awsEnvironment(cli));

    const argv = ['return-url', 'add', 'far-away', 'http://localhost:3000/connected'];
    const refused = await spawnIn(place.folder, argv, awsEnvironment(cli));

    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('must use https');
  });

  it('is the local stack for a separate process', async ({ cli }) => {
    const { code, stdout, stderr } = await spawnIn(cli.folder, ['tenant', 'list', '--json']);

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toHaveProperty('tenants');
    expect(stderr).toBe(`Acting on this machine, ${cli.stack.apiUrl}.\n`);
  });

  it('is AWS when both exist, and the local stack with --local', async ({ cli }) => {
    using place = openFolder();
    place.write('.local/endpoints.json', cli.endpoints);
    place.write('.hawser/outputs.json', { HawserProd: { ...outputs, Region: 'eu-central-1' } });

    const usual = await spawnIn(place.folder, ['tenant', 'list'], awsEnvironment(cli));
    const local = await runIn(place.folder, ['--local', 'tenant', 'list']);

    expect(usual.stderr).toContain('Acting on AWS, stack HawserProd in eu-central-1.');
    expect(local.code).toBe(0);
    expect(local.stderr).toContain('Acting on this machine');
  });

  it('is chosen by --outputs and --stack', async ({ cli }) => {
    using place = openFolder();
    place.write('two.json', { A: outputs, B: { ...outputs, Region: 'eu-west-1' }, Other: { Url: 'x' } });
    const file = join(place.folder, 'two.json');

    const open = await runIn(cli.folder, ['tenant', 'list', '--outputs', file]);
    const chosen = await spawnIn(
      cli.folder,
      ['tenant', 'list', '--outputs', file, '--stack', 'B'],
      awsEnvironment(cli),
    );
    const unknown = await runIn(cli.folder, ['tenant', 'list', '--outputs', file, '--stack', 'C']);

    expect(open.code).toBe(1);
    expect(open.stderr).toContain('Choose a stack with --stack: A, B.');
    expect(chosen.stderr).toContain('Acting on AWS, stack B in eu-west-1.');
    expect(unknown.code).toBe(1);
  });

  it('says what to do when no target exists', async () => {
    using place = openFolder();

    const nothing = await runIn(place.folder, ['tenant', 'list']);
    const local = await runIn(place.folder, ['tenant', 'list', '--local']);
    const missing = await runIn(place.folder, ['tenant', 'list', '--outputs', 'missing.json']);

    expect(nothing.code).toBe(1);
    expect(nothing.stderr).toContain('npm run deploy');
    expect(nothing.stderr).toContain('npm start');
    expect(local).toMatchObject({
      code: 1,
      stderr: 'hawser: The local stack does not run. Start it with `npm start`.\n',
    });
    expect(missing.code).toBe(1);
  });

  it('is not a stopped local stack that left its file behind', async ({ cli }) => {
    using place = openFolder();
    place.write('.local/endpoints.json', { ...cli.endpoints, apiUrl: 'http://127.0.0.1:9' });
    const gone = await runIn(place.folder, ['tenant', 'list', '--local']);
    place.write('.local/endpoints.json', 'not json');
    const broken = await runIn(place.folder, ['tenant', 'list']);

    expect(gone.stderr).toContain('The local stack does not run.');
    expect(broken.stderr).toContain('The local stack does not run.');
  });

  it('explains a refusal of AWS in one sentence', async ({ cli }) => {
    using place = openFolder();
    place.write('.hawser/outputs.json', { HawserProd: { ...outputs, ConnectionsTable: 'missing' } });
    const { AWS_ACCESS_KEY_ID: _, ...withoutCredentials } = awsEnvironment(cli);

    const missing = await spawnIn(place.folder, ['tenant', 'list'], awsEnvironment(cli));
    const stranger = await spawnIn(place.folder, ['tenant', 'list'], {
      ...withoutCredentials,
      AWS_EC2_METADATA_DISABLED: 'true',
    });

    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toContain('hawser: A table, key or secret of the stack is missing');
    expect(stranger.stderr).toContain('hawser: No AWS credentials were found');
    for (const { stderr } of [missing, stranger]) expect(stderr).not.toMatch(/\n\s+at /);
  });
});
