/** Takes secrets through one long run: every journey that succeeds and every failure that happens while a token is in memory. */
import type { Fault } from '../../infra/local/sandbox/control/control.ts';
import {
  accountOf,
  completionOf,
  connectAccount,
  reachCallback,
  reachReturn,
} from '../support/stack/flow-steps.ts';
import { type JourneyPlatform, platformFacts, scopesOf } from '../support/stack/platform-facts.ts';
import type { AwsCallSeen, TestStack, TestTenant } from '../support/stack/test-stack.ts';

/** Makes the stack's next matching AWS calls fail, or none when no matcher is given. */
export type FailAws = (matching: ((call: AwsCallSeen) => boolean) | undefined) => void;

/** A platform that echoes its input in errors, as badly written platforms do. */
const talkative: Fault = {
  kind: 'status',
  status: 400,
  body: 'json',
  json: {
    error: 'server_says_s4ndb0x',
    error_description: 'The token act.s4ndb0x-spoken is not good.',
    message: 'oidc_rt_s4ndb0x_spoken',
  },
};

const lies = [
  talkative,
  { ...talkative, status: 200 },
  { ...talkative, status: 500 },
  { ...talkative, status: 503, body: 'html' },
  { kind: 'garbage_body' },
  { kind: 'half_body', afterwards: 'close' },
  { kind: 'lose_answer' },
] as const satisfies readonly Fault[];

export async function liveThrough(
  stack: TestStack,
  tenant: TestTenant,
  provider: JourneyPlatform,
  failAws: FailAws,
): Promise<void> {
  const sandbox = stack.local.platforms.sandboxes[provider];
  const { people, required, lasting } = platformFacts[provider];
  const user = tenant.user('ada');
  const fail = (endpoint: 'token' | 'revoke' | 'profile', fault: Fault, calls = 1) =>
    sandbox.control({ command: 'inject', endpoint, calls, fault });

  // All goes well, in both ways and by both credentials.
  const session = await tenant.session('ada');
  const { connection } = await connectAccount(stack, {
    user: session,
    provider,
    body: { scopes: scopesOf(provider) },
    visit: { account: people[0], scopes: [required, ...lasting] },
  });
  const account = accountOf(user, connection);
  await tenant.client.ok('getToken', account);
  await tenant.client.ok('refreshToken', account);
  await session.client.ok('status');
  await connectAccount(stack, { user, provider, visit: { account: people[0] } });
  await reachReturn(stack, {
    user,
    provider,
    body: { completion: 'direct' },
    visit: { account: people[1] },
  });
  await reachReturn(stack, { user, provider, visit: { decision: 'deny' } });

  // Whoever comes with a code that is not theirs to use.
  const stolen = await reachCallback(stack, { user, provider });
  await stack.newBrowser().visit(stolen.callbackUrl);
  await stolen.browser.visit(stolen.callbackUrl.replace(`/callback/${provider}`, '/callback/elsewhere'));
  const { returned: mismatched } = await reachReturn(stack, { user, provider });
  await tenant.client.send('complete', { body: completionOf(tenant.user('bo'), mismatched) });
  const { returned: taken } = await reachReturn(stack, {
    user: tenant.user('bo'),
    provider,
    visit: { account: people[0] },
  });
  await tenant.client.send('complete', { body: completionOf(tenant.user('bo'), taken) });

  // The platform fails with a code or a token in its hand.
  for (const fault of lies) {
    const exchange = await reachReturn(stack, { user, provider });
    fail('token', fault);
    await tenant.client.send('complete', { body: completionOf(user, exchange.returned) });
    const profile = await reachReturn(stack, { user, provider });
    fail('profile', fault, 2);
    await tenant.client.send('complete', { body: completionOf(user, profile.returned) });
    fail('token', fault);
    await tenant.client.send('refreshToken', account);
    sandbox.control({ command: 'clear_faults' });
    await stack.tables.clear('activity', 'lease#');
  }

  // Our own side fails with a code or a token in its hand.
  const broken: readonly ((call: AwsCallSeen) => boolean)[] = [
    ({ action }) => action === 'dynamodb:PutItem',
    ({ action }) => action === 'dynamodb:UpdateItem',
    ({ action, principal }) => action === 'dynamodb:GetItem' && principal === 'LOCAL-complete',
    ({ action }) => action.startsWith('kms:'),
    ({ action }) => action.startsWith('sqs:'),
  ];
  for (const isBroken of broken) {
    const { returned } = await reachReturn(stack, { user, provider, visit: { account: people[1] } });
    failAws(isBroken);
    await tenant.client.send('complete', { body: completionOf(user, returned) });
    await tenant.client.send('refreshToken', account);
    failAws(undefined);
    await stack.tables.clear('activity', 'lease#');
  }

  // A record that nobody can read is met by surprise.
  const record = await stack.tables.connection(connection.id);
  await stack.tables.change('connections', record, { requestedScopes: 'act.s4ndb0x'.length });
  await tenant.client.send('getToken', account);
  await tenant.client.send('status');
  await stack.tables.change('connections', record, { requestedScopes: [required] });

  // The end, first refused and then in earnest.
  fail('revoke', talkative, 2);
  await tenant.client.send('disconnect', account);
  sandbox.control({ command: 'clear_faults' });
  sandbox.control({ command: 'kill_grants', account: people[1] });
  await tenant.client.send('disconnect', account);
}
