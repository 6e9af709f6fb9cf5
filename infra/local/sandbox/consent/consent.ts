/**
 * The consent step that all platforms share: show the form, take the decision, send the browser back.
 * What a platform accepts and how it words its answer is the dialect's.
 */

import type { Call, ConsentDialect, ConsentRequest, Dialect, Platform, Reply, Route } from '../dialect.ts';
import { formOf, html, redirect } from '../reply.ts';
import { avatarPicture, consentPage, errorPage, pageHeaders } from './consent-page.ts';

/** The routes of the consent page and of the accounts' pictures. */
export function consentRoutes<M>(dialect: Dialect<M>, platform: Platform<M>): readonly Route[] {
  const consent = dialect.consent(platform);
  const pages = consent.paths.flatMap((path): Route[] => [
    {
      method: 'GET',
      host: 'web',
      path,
      endpoint: 'authorize',
      handle: (call) => visit(call, consent, dialect, (request) => ask(call, request, consent, dialect)),
    },
    {
      method: 'POST',
      host: 'web',
      path,
      endpoint: 'consent',
      handle: (call) =>
        visit(call, consent, dialect, (request) => decide(call, request, consent, dialect, platform)),
    },
  ]);
  const avatars = dialect.accounts.flatMap((account): Route[] => {
    const path = avatarPath(account);
    if (path === undefined) return [];
    const body = { kind: 'text', type: 'image/svg+xml', text: avatarPicture(account) } as const;
    return [
      {
        method: 'GET',
        host: 'web',
        path,
        endpoint: 'other',
        handle: () => ({ status: 200, headers: {}, body }),
      },
    ];
  });
  return [...pages, ...avatars];
}

/** Where an account's picture is served; undefined when it has none. */
export function avatarPath({ key, avatarColour }: Dialect<unknown>['accounts'][number]): string | undefined {
  return avatarColour === undefined ? undefined : `/_sandbox/avatars/${key}.svg`;
}

/** Reads the request again on GET and POST alike: the form holds no state, so a restart between them does no harm. */
function visit<M>(
  call: Call,
  consent: ConsentDialect,
  { title }: Dialect<M>,
  next: (request: ConsentRequest) => Reply,
): Reply {
  const reading = consent.read(call.url.searchParams);
  switch (reading.kind) {
    case 'ask':
      return next(reading.request);
    case 'page':
      return html(reading.status, errorPage(title, reading.message), pageHeaders);
    case 'redirect':
      return redirect(reading.location);
  }
}

function ask<M>(
  call: Call,
  request: ConsentRequest,
  { scopes }: ConsentDialect,
  { title, accounts }: Dialect<M>,
  problem?: string,
): Reply {
  const page = consentPage({
    platform: title,
    action: call.url.pathname + call.url.search,
    request,
    scopes,
    accounts,
    avatarPath,
    ...(problem !== undefined && { problem }),
  });
  return html(problem === undefined ? 200 : 422, page, pageHeaders);
}

function decide<M>(
  call: Call,
  request: ConsentRequest,
  consent: ConsentDialect,
  dialect: Dialect<M>,
  { grants }: Platform<M>,
): Reply {
  const form = formOf(call);
  const decision = form?.get('decision');
  if (decision === 'deny') return redirect(consent.denied(request));

  const account = dialect.accounts.find(({ key }) => key === form?.get('account'));
  const ticked = new Set(form?.getAll('scope'));
  const scopes = request.scopes.filter((scope) => ticked.has(scope));
  if (decision !== 'approve' || account === undefined) {
    return ask(call, request, consent, dialect, 'Choose an account, and whether to allow the access.');
  }
  // Some platforms know no scopes: there the person allows all or nothing.
  if (scopes.length === 0 && request.scopes.length > 0) {
    return ask(call, request, consent, dialect, 'Tick at least one thing that the application may do.');
  }

  const { client, redirectUri, refreshScope, challenge } = request;
  const refreshable = request.refreshable && (refreshScope === undefined || scopes.includes(refreshScope));
  const code = grants.approve({
    clientId: client.clientId,
    account: account.key,
    subject: dialect.subjectOf(account, client.clientId),
    redirectUri,
    scopes,
    refreshable,
    ...(challenge !== undefined && { challenge }),
  });
  return redirect(consent.approved(request, code, scopes));
}
