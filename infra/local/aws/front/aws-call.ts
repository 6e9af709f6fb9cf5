/**
 * Reads one request in AWS's JSON protocol: who calls, which operation of which service, with which input.
 * Signatures are not verified: the access key id only identifies the calling function, and any process that can reach a loopback
 * port of this machine could read the data folder as well. What is tested here is permission, not identity.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { region } from '../account.ts';
import { AwsError } from '../aws-error.ts';

export type AwsService = 'dynamodb' | 'sqs' | 'kms' | 'secretsmanager' | 'events';
export type JsonObject = Readonly<Record<string, unknown>>;

export interface AwsCall {
  /** The access key id of the caller. */
  readonly principal: string;
  readonly service: AwsService;
  /** The operation as it travels, such as `SendMessageBatch`. */
  readonly operation: string;
  /** Service and operation, such as `sqs:SendMessageBatch`; {@link iamActionOf} tells what IAM calls it. */
  readonly action: string;
  readonly input: JsonObject;
}

const services: ReadonlyMap<string, AwsService> = new Map([
  ['DynamoDB_20120810', 'dynamodb'],
  ['AmazonSQS', 'sqs'],
  ['TrentService', 'kms'],
  ['secretsmanager', 'secretsmanager'],
  ['AWSEvents', 'events'],
]);

/** IAM has no actions for SQS's batch calls: they need the right of the single call. */
const iamActions: ReadonlyMap<string, string> = new Map([
  ['sqs:SendMessageBatch', 'sqs:SendMessage'],
  ['sqs:DeleteMessageBatch', 'sqs:DeleteMessage'],
  ['sqs:ChangeMessageVisibilityBatch', 'sqs:ChangeMessageVisibility'],
]);

/** @throws {AwsError} when the request is not a call that AWS would understand. */
export function readCall(headers: IncomingHttpHeaders, body: Buffer, anyRegion = false): AwsCall {
  const principal = principalOf(headers.authorization, anyRegion);
  const target = headers['x-amz-target'];
  const [, prefix = '', operation = ''] =
    /^([\w]+)\.(\w+)$/.exec(typeof target === 'string' ? target : '') ?? [];
  const service = services.get(prefix);
  if (service === undefined) {
    throw new AwsError(
      'UnknownOperationException',
      'The X-Amz-Target header names no operation that exists here.',
    );
  }
  return { principal, service, operation, action: `${service}:${operation}`, input: parseInput(body) };
}

/** What IAM calls the right that this call needs. */
export function iamActionOf(call: AwsCall): string {
  return iamActions.get(call.action) ?? call.action;
}

/** Whether a parsed value is a JSON object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text at a key of the input, or nothing where there is none. */
export function textAt(input: JsonObject, key: string): string | undefined {
  const value = input[key];
  return typeof value === 'string' ? value : undefined;
}

function principalOf(authorization: string | undefined, anyRegion: boolean): string {
  if (authorization === undefined) {
    throw new AwsError('MissingAuthenticationTokenException', 'Request is missing Authentication Token');
  }
  const scope = /^AWS4-[\w-]+ .*?Credential=([^/\s,]+)\/\d{8}\/([^/\s,]+)\/[^/\s,]+\/aws4_request/.exec(
    authorization,
  );
  const [, principal = '', scopedRegion = ''] = scope ?? [];
  if (principal === '') {
    throw new AwsError(
      'IncompleteSignatureException',
      'The Authorization header needs a Credential of version 4.',
    );
  }
  if (scopedRegion !== region && !anyRegion) {
    throw new AwsError(
      'InvalidSignatureException',
      `Credential should be scoped to the local region, '${region}'.`,
    );
  }
  return principal;
}

function parseInput(body: Buffer): JsonObject {
  try {
    const input: unknown = JSON.parse(body.length === 0 ? '{}' : body.toString('utf8'));
    if (isJsonObject(input)) return input;
  } catch {
    // The parser's own message would repeat the input, which may hold a secret.
  }
  throw new AwsError('SerializationException', 'The request body is not a JSON object.');
}
