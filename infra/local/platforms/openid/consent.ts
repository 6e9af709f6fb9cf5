/**
 * The consent step of the OpenID sandbox: asks the visitor what the server wants to know and tells the server the answer.
 * Each approval becomes a grant of its own, with the ticked scopes and no others.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errors, type Interaction, type Provider } from 'oidc-provider';
import { avatarPath } from '../../sandbox/consent/consent.ts';
import { consentPage, errorPage, pageHeaders } from '../../sandbox/consent/consent-page.ts';
import type { Call, ConsentRequest, Reply } from '../../sandbox/dialect.ts';
import { formOf, html, redirect } from '../../sandbox/reply.ts';
import type { SandboxClient } from '../../sandbox/sandbox-client.ts';
import { accounts, scopes, title } from './provider.ts';

/** One visit of the page. The raw pair is what the server reads its cookie from. */
export interface ConsentVisit {
  readonly call: Call;
  readonly uid: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly provider: Provider;
  readonly client: (clientId: string) => SandboxClient | undefined;
}

/** Shows the form on GET, takes the decision on POST. */
export async function visitConsent(visit: ConsentVisit): Promise<Reply> {
  const { call, uid, request, response, provider } = visit;
  let interaction: Interaction;
  try {
    interaction = await provider.interactionDetails(request, response);
  } catch (error) {
    if (error instanceof errors.SessionNotFound) return startAgain();
    throw error;
  }
  const asked = readRequest(interaction, visit.client);
  if (interaction.uid !== uid || asked === undefined) return startAgain();
  return call.method === 'POST' ? decide(visit, asked) : ask(call, asked);
}

function startAgain(): Reply {
  const message = 'This request is not known to your browser any more. Start again from the application.';
  return html(400, errorPage(title, message), pageHeaders);
}

/** The server has checked the parameters by now; scopes that it does not know are not shown and not granted. */
function readRequest(
  { params }: Interaction,
  clientOf: (clientId: string) => SandboxClient | undefined,
): ConsentRequest | undefined {
  const text = (name: string) => {
    const value = params[name];
    return typeof value === 'string' ? value : '';
  };
  const client = clientOf(text('client_id'));
  const redirectUri = text('redirect_uri');
  if (client === undefined || !URL.canParse(redirectUri)) return undefined;
  const requested = text('scope')
    .split(' ')
    .filter((scope) => Object.hasOwn(scopes, scope));
  return {
    client,
    redirectUri,
    state: text('state'),
    scopes: requested,
    refreshable: requested.includes('offline_access'),
  };
}

function ask(call: Call, request: ConsentRequest, problem?: string): Reply {
  const page = consentPage({
    platform: title,
    action: call.url.pathname,
    request,
    scopes,
    accounts,
    avatarPath,
    ...(problem !== undefined && { problem }),
  });
  return html(problem === undefined ? 200 : 422, page, pageHeaders);
}

async function decide(
  { call, request, response, provider }: ConsentVisit,
  asked: ConsentRequest,
): Promise<Reply> {
  const form = formOf(call);
  const decision = form?.get('decision');
  if (decision === 'deny') {
    const result = { error: 'access_denied', error_description: 'The user did not allow the access.' };
    return redirect(
      await provider.interactionResult(request, response, result, { mergeWithLastSubmission: false }),
    );
  }

  const account = accounts.find(({ key }) => key === form?.get('account'));
  const ticked = new Set(form?.getAll('scope'));
  if (decision !== 'approve' || account === undefined) {
    return ask(call, asked, 'Choose an account, and whether to allow the access.');
  }
  if (!asked.scopes.some((scope) => ticked.has(scope))) {
    return ask(call, asked, 'Tick at least one thing that the application may do.');
  }

  const { subject: accountId } = account;
  const grant = new provider.Grant({ accountId, clientId: asked.client.clientId });
  for (const scope of asked.scopes) {
    // A scope that is neither granted nor rejected would be asked for again.
    if (ticked.has(scope)) grant.addOIDCScope(scope);
    else grant.rejectOIDCScope(scope);
  }
  const result = { login: { accountId, remember: false }, consent: { grantId: await grant.save() } };
  return redirect(
    await provider.interactionResult(request, response, result, { mergeWithLastSubmission: false }),
  );
}
