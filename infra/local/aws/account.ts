/**
 * The one account and region of the local stack, and the names that AWS gives to things in it.
 * Both are fixed: the SQS engine knows no other account, and one region keeps every name unambiguous.
 */

/** The account id of everything local. */
export const accountId = '000000000000';
/** The region that every client of the local stack must be configured for. */
export const region = 'us-east-1';

const kmsPrefix = `arn:aws:kms:${region}:${accountId}:`;
const secretPrefix = `arn:aws:secretsmanager:${region}:${accountId}:secret:`;

/** ARN of a table, or of an index when given as `table/index/name`. */
export const tableArn = (name: string) => `arn:aws:dynamodb:${region}:${accountId}:table/${name}`;
export const queueArn = (name: string) => `arn:aws:sqs:${region}:${accountId}:${name}`;
export const busArn = (name: string) => `arn:aws:events:${region}:${accountId}:event-bus/${name}`;
export const keyArn = (keyId: string) => `${kmsPrefix}key/${keyId}`;
export const aliasArn = (aliasName: string) => `${kmsPrefix}${aliasName}`;
/** ARN of a secret; `name` carries the six-character suffix in a full ARN and lacks it in a partial one. */
export const secretArn = (name: string) => `${secretPrefix}${name}`;

/** The caller as IAM would name it: a function's role, assumed by the function. */
export const principalArn = (principal: string) =>
  `arn:aws:sts::${accountId}:assumed-role/${principal}/${principal}`;

/** The table's name in a `TableName`, which may be a name or an ARN. */
export const tableNameOf = (nameOrArn: string) => withoutPrefix(nameOrArn, tableArn(''));
/** The queue's name in a queue URL. The engine reads it in the same way, whatever host the URL names. */
export const queueNameOf = (queueUrl: string) => queueUrl.split('/').findLast((part) => part !== '') ?? '';
/** The bus's name in an `EventBusName`, which may be a name or an ARN. */
export const busNameOf = (nameOrArn: string) => withoutPrefix(nameOrArn, busArn(''));
/** A key id or an alias name in a `KeyId`, which may also be an ARN of either. */
export const keyReferenceOf = (idOrArn: string) => withoutPrefix(withoutPrefix(idOrArn, kmsPrefix), 'key/');

function withoutPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}
