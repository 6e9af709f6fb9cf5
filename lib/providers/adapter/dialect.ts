/** How a provider's data speaks OAuth 2, in the terms of `lib/oauth`. */
import { readText } from '../../oauth/json-path.ts';
import type { Dialect } from '../../oauth/server.ts';
import type { OAuth2Data } from '../definition/provider-data.ts';
import type { ConsentProvider } from '../provider.ts';
import { fillRecord, type Values } from './fill.ts';
import { readAccount } from './read-profile.ts';
import { successOf } from './refusals.ts';

/** @param values the app's settings, the connection's variables and `clientId`. */
export function dialectOf({ data, code, errors, readRefusal }: ConsentProvider, values: Values): Dialect {
  const { clientId: clientIdParameter, ...parameterNames } = data.parameterNames;
  const { platformUser, ...tokenAnswer } = data.tokenAnswer;
  const succeeded = successOf(data);
  return {
    clientAuthentication: data.clientAuthentication,
    ...(data.refreshClientAuthentication && {
      refreshClientAuthentication: data.refreshClientAuthentication,
    }),
    clientIdParameter,
    parameterNames,
    tokenRequestFormat: data.tokenRequestFormat,
    tokenParameters: fillRecord(data.tokenParameters, values),
    refreshParameters: fillRecord(data.refreshParameters, values),
    tokenAnswer,
    scopeSeparator: data.scopes.separator,
    scopeParameter: data.scopes.parameter,
    furtherScopes: data.scopes.further,
    ...(data.scopes.grantedPrefix !== undefined && { grantedPrefix: data.scopes.grantedPrefix }),
    pkce: data.pkce,
    authorizationParameters: fillRecord(data.authorizationParameters, values),
    idToken: data.idToken,
    ...(platformUser !== undefined && { subjectField: platformUser }),
    ...(data.revocation && { revocation: revocationOf(data.revocation, values) }),
    errors,
    ...(code.readTokenAnswer && { readTokenAnswer: code.readTokenAnswer }),
    ...(readRefusal && { readRefusal }),
    ...(succeeded && { succeeded }),
    ...accountReaderOf(data),
    ...variablesReaderOf(data),
    headers: fillRecord(data.headers, values),
  };
}

function revocationOf(revocation: NonNullable<OAuth2Data['revocation']>, values: Values) {
  const { reach: _reach, token: _token, parameters, headers, ...how } = revocation;
  return { ...how, parameters: fillRecord(parameters, values), headers: fillRecord(headers, values) };
}

function accountReaderOf({ tokenAccount, idTokenAccount }: OAuth2Data): Pick<Dialect, 'readAccount'> {
  if (!tokenAccount && !idTokenAccount) return {};
  return {
    readAccount: (answer, claims) =>
      (tokenAccount && readAccount(tokenAccount, answer)) ??
      (idTokenAccount && readAccount(idTokenAccount, claims)),
  };
}

/** Variables that come with the token answer. What does not look as its pattern says is none. */
function variablesReaderOf({ connectionFields }: OAuth2Data): Pick<Dialect, 'readVariables'> {
  const fields = Object.entries(connectionFields).flatMap(([name, field]) =>
    field.from && 'tokenAnswer' in field.from ? [{ name, field, path: field.from.tokenAnswer }] : [],
  );
  if (fields.length === 0) return {};
  return {
    readVariables: (answer) =>
      Object.fromEntries(
        fields.flatMap(({ name, field, path }) => {
          const given = readText(answer, path) ?? '';
          const value =
            field.extract === undefined ? given : (new RegExp(field.extract).exec(given)?.[1] ?? '');
          return new RegExp(field.pattern).test(value) ? [[name, value]] : [];
        }),
      ),
  };
}
