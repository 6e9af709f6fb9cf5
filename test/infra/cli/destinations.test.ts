import { afterAll, describe, expect, onTestFinished } from 'vitest';
import { createClients } from '../../../infra/cli/target/aws-clients.ts';
import { localNames, localQueueUrls } from '../../../infra/local/stack/provision.ts';
import { appSecretPrefix } from '../../../infra/topology.ts';
import { createOperator } from '../../../lib/admin/operator.ts';
import type { Resolve } from '../../../lib/platform-http/pinned-connection.ts';
import { createPlatformHttp } from '../../../lib/platform-http/platform-http.ts';
import { openTable } from '../../../lib/table/table.ts';
import { Secret } from '../../../lib/telemetry/secret.ts';
import type { CliFixture } from '../../support/cli/cli-fixture.ts';
import { type Endpoint, openEndpoint, signerOf } from '../../support/deliveries/endpoint.ts';
import { eventually } from '../../support/eventually.ts';
import { it } from '../../support/fixtures/cli.ts';
import { providersOf } from '../../support/providers.ts';

let endpoint: Endpoint;

it.beforeAll(async ({ cli }) => {
  endpoint = await openEndpoint();
  // Known before any function has started.
  cli.stack.insecureOrigins.push(endpoint.origin);
  for (const tenant of ['bakery', 'rival']) await cli.hawser(`tenant create ${tenant}`);
});
afterAll(() => {
  endpoint.close();
});

async function add(cli: CliFixture, tenant: string, what: string) {
  const ran = await cli.hawser(`destination add ${tenant} ${what}`);
  const id = /dst_[\w-]{22}/.exec(ran.stderr + ran.stdout)?.[0] ?? '';
  return { ...ran, id, secret: ran.stdout.trim() };
}

describe('hawser destination', () => {
  it('prints the secret of a new endpoint alone on standard output, and never again', async ({ cli }) => {
    const { code, stdout, stderr, secret, id } = await add(
      cli,
      'bakery',
      'https://hooks.bakery.example/hawser?key=1',
    );

    expect(code).toBe(0);
    expect(stdout).toMatch(/^whsec_[A-Za-z0-9+/]{43}=\n$/);
    expect(stderr).toContain(id);
    const said = [
      await cli.hawser('destination list bakery'),
      await cli.hawser('destination list bakery --json'),
      { stdout: stderr, stderr: '' },
    ];
    expect(said[0]?.stdout).toMatch(new RegExp(`${id} +https://hooks.bakery.example/hawser\\?key=1 +active`));
    for (const one of said) expect(one.stdout + one.stderr).not.toContain(secret.slice(6, 20));
  });

  it('prints the same facts as JSON that it shows to people', async ({ cli }) => {
    const made = await cli.json('destination add bakery https://other.bakery.example/');

    const expected = {
      id: expect.stringMatching(/^dst_[\w-]{22}$/),
      kind: 'https',
      url: 'https://other.bakery.example/',
      status: 'active',
      createdAt: expect.stringMatching(/Z$/),
    };
    expect(made).toEqual({ ...expected, secret: expect.stringMatching(/^whsec_/) });
    expect(await cli.json('destination list bakery')).toEqual({
      destinations: expect.arrayContaining([expected]),
    });
  });

  it('sends a signed test event, and signs it with both secrets after a rotation', async ({ cli }) => {
    const made = await cli.stack.operator.addDestination('rival', { url: endpoint.url });
    const { id } = made.destination;

    const sent = await cli.hawser(`destination test rival ${id}`);
    await eventually(() => endpoint.arrived.length === 1);
    const rotated = await cli.hawser(`destination rotate-secret rival ${id}`);
    await cli.hawser(`destination test rival ${id}`);
    await eventually(() => endpoint.arrived.length === 2);

    const [first, second] = endpoint.arrived;
    if (!first || !second || !made.secret) throw new Error('Two were expected.');
    expect(sent.stdout).toContain(first.event.id);
    expect(first.event).toMatchObject({ type: 'destination.test', data: { destinationId: id } });
    expect(signerOf(first, [made.secret], Date.now())).toBe('current');
    expect(signerOf(second, [made.secret], Date.now())).toBe('current');
    expect(signerOf(second, [new Secret(rotated.stdout.trim())], Date.now())).toBe('current');
    expect(await cli.json('destination list rival')).toMatchObject({
      destinations: [{ previousSecretUntil: expect.stringMatching(/Z$/) }],
    });
  });

  it('adds an event bus, which has no secret', async ({ cli }) => {
    const { code, stdout, id } = await add(cli, 'bakery', '--bus bakery-events');

    const rotated = await cli.hawser(`destination rotate-secret bakery ${id}`);
    await cli.hawser(`destination test bakery ${id}`);
    await eventually(() => cli.stack.aws.busEntries().length === 1);

    expect([code, stdout]).toEqual([0, `${id}\n`]);
    expect([rotated.code, rotated.stderr]).toEqual([
      1,
      expect.stringContaining('An event bus has no secret.'),
    ]);
    expect(cli.stack.aws.busEntries()).toMatchObject([
      {
        bus: 'bakery-events',
        source: 'hawser',
        detailType: 'destination.test',
        detail: { tenantId: 'bakery' },
      },
    ]);
  });

  it('enables a disabled destination, and removes one', async ({ cli }) => {
    const { id } = await add(cli, 'bakery', '--bus old-events');

    const enabled = await cli.hawser(`destination enable bakery ${id}`);
    const removed = await cli.hawser(`destination remove bakery ${id}`);
    const again = await cli.hawser(`destination remove bakery ${id}`);

    expect([enabled.code, removed.code, again.code]).toEqual([0, 0, 1]);
    expect(again.stderr).toContain('has no such destination');
    expect((await cli.hawser('destination list bakery')).stdout).not.toContain(id);
  });

  it.for(['rotate-secret', 'enable', 'remove', 'test'])(
    "row 10: treats another tenant's destination as an unknown one: %s",
    async (verb, { cli }) => {
      const { id } = await add(cli, 'bakery', `https://${verb}.bakery.example/`);

      const theirs = await cli.hawser(`destination ${verb} rival ${id}`);
      const nobodys = await cli.hawser(`destination ${verb} rival s4ndb0x-pasted`);
      await cli.hawser(`destination remove bakery ${id}`);

      expect(theirs.code).toBe(1);
      expect(theirs.stderr).toBe(nobodys.stderr);
      expect(nobodys.stderr).not.toContain('s4ndb0x');
    },
  );

  it.for([
    'http://hooks.example/s4ndb0x',
    'https://127.0.0.1/s4ndb0x',
    'https://user:s4ndb0x@hooks.example/',
    'https://localhost/s4ndb0x',
  ])(
    'row 11: refuses an address that is none to send to, and does not repeat it: %s',
    async (url, { cli }) => {
      const { code, stderr } = await cli.hawser(`destination add bakery ${url}`);

      expect(code).toBe(1);
      expect(stderr).toMatch(/The endpoint /);
      expect(stderr).not.toContain('s4ndb0x');
    },
  );

  it.for([
    ['neither', ''],
    ['both', 'https://hooks.example/ --bus events'],
  ] as const)('asks for an address or a bus: %s', async ([, what], { cli }) => {
    expect((await add(cli, 'bakery', what)).code).toBe(2);
  });

  it('refuses a duplicate destination, and an eleventh', async ({ cli }) => {
    await cli.hawser('tenant create crowd');
    for (let number = 1; number <= 10; number += 1) await add(cli, 'crowd', `--bus events-${number}`);

    const eleventh = await add(cli, 'crowd', '--bus events-11');
    await cli.hawser(
      `destination remove crowd ${(await cli.stack.operator.listDestinations('crowd'))[0]?.id}`,
    );
    const twice = await add(cli, 'crowd', '--bus events-5');

    expect([eleventh.code, eleventh.stderr]).toEqual([1, expect.stringContaining('at most 10')]);
    expect([twice.code, twice.stderr]).toEqual([1, expect.stringContaining('already')]);
  });
});

describe('an endpoint whose host name resolves to a private address', () => {
  it('row 11: is refused when it is added, while a name that does not resolve yet is accepted', async ({
    cli,
  }) => {
    const names = new Map([
      ['inside.example', ['10.0.0.1']],
      ['mixed.example', ['93.184.215.14', '::1']],
    ]);
    const operator = operatorWith(cli, async (name) => {
      const found = names.get(name);
      if (!found) throw new Error('There is no such name.');
      return found;
    });

    const outcomes = await Promise.allSettled(
      ['inside', 'mixed', 'unknown'].map((name) =>
        operator.addDestination('rival', { url: `https://${name}.example/` }),
      ),
    );

    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });
});

function operatorWith(cli: CliFixture, resolve: Resolve) {
  const clients = createClients({
    region: cli.stack.aws.region,
    credentials: { accessKeyId: 'operator', secretAccessKey: 's4ndb0x' },
    endpoints: cli.stack.endpoints,
  });
  onTestFinished(() => clients.close());
  return createOperator({
    ...clients,
    connections: openTable(clients.dynamoDb, localNames.connectionsTable),
    activity: openTable(clients.dynamoDb, localNames.activityTable),
    queueUrls: localQueueUrls(cli.stack.endpoints.sqs),
    names: { ...localNames, appSecretPrefix },
    providers: providersOf(),
    http: createPlatformHttp({ fetch, insecureOrigins: [] }),
    insecureOrigins: [],
    resolve,
    now: () => Date.now(),
  });
}
