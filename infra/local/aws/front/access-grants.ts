/**
 * What a function's row allows, and whether a call stays within it. A refusal reads as IAM's own,
 * so that a missing permission looks here as it would look on AWS.
 */
import { principalArn } from '../account.ts';
import { AwsError } from '../aws-error.ts';

/** Some actions on one resource. A trailing `*` anywhere here matches every ending. */
export interface Grant {
  /** IAM's names: `dynamodb:GetItem`, `kms:Decrypt`, `secretsmanager:GetSecretValue`, `sqs:SendMessage` … */
  readonly actions: readonly string[];
  /** The name of a table, `table/index/name` for an index, a key id or alias, a secret's name, a queue's name. */
  readonly resource: string;
  /** For KMS: pairs that the request's encryption context must contain. */
  readonly encryptionContext?: Readonly<Record<string, string>>;
}

/** One right that a call needs. */
export interface Demand {
  readonly action: string;
  /** The names under which a grant may mean the resource; `any` where the request names none that exists. */
  readonly names: readonly string[] | 'any';
  readonly arn: string;
  readonly encryptionContext?: Readonly<Record<string, string>>;
}

/** @throws {AwsError} `AccessDeniedException` for the first demand that no grant covers. */
export function requireGranted(
  principal: string,
  demands: readonly Demand[],
  grants: readonly Grant[],
): void {
  const missing = demands.find((demand) => !grants.some((grant) => covers(grant, demand)));
  if (missing === undefined) return;
  throw new AwsError(
    'AccessDeniedException',
    `User: ${principalArn(principal)} is not authorized to perform: ${missing.action} on resource: ${missing.arn} ` +
      `because no identity-based policy allows the ${missing.action} action`,
  );
}

function covers(grant: Grant, demand: Demand): boolean {
  return (
    grant.actions.some((pattern) => matches(pattern, demand.action)) &&
    (demand.names === 'any' || demand.names.some((name) => matches(grant.resource, name))) &&
    Object.entries(grant.encryptionContext ?? {}).every(([key, pattern]) => {
      const value = ownText(demand.encryptionContext, key);
      return value !== undefined && matches(pattern, value);
    })
  );
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function ownText(context: Demand['encryptionContext'], key: string): string | undefined {
  return context !== undefined && Object.hasOwn(context, key) ? context[key] : undefined;
}
