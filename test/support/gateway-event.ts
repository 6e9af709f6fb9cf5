/** Events as an HTTP API sends them (payload format 2.0), for the tests of the adapter. */
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';

export interface EventDeps {
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

export const requestId = 'gateway-request-id';

export function event(parts: EventDeps = {}): APIGatewayProxyEventV2 {
  const { headers = {}, cookies, path, query = '', body, isBase64Encoded = false } = parts;
  return {
    version: '2.0',
    routeKey: 'ANY /',
    rawPath: '/',
    rawQueryString: query,
    ...(cookies && { cookies: [...cookies] }),
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    requestContext: {
      accountId: '000000000000',
      apiId: 'api',
      domainName: 'hawser.example',
      domainPrefix: 'hawser',
      http: { method: 'ANY', path: '/', protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
      requestId,
      routeKey: 'ANY /',
      stage: '$default',
      time: '20/Nov/2026:12:00:00 +0000',
      timeEpoch: 1_795_176_000_000,
    },
    ...(path && { pathParameters: { ...path } }),
    ...(body !== undefined && { body }),
    isBase64Encoded,
  };
}

export const context: Context = {
  callbackWaitsForEmptyEventLoop: false,
  functionName: 'test',
  functionVersion: '1',
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:test',
  memoryLimitInMB: '512',
  awsRequestId: 'aws-request-id',
  logGroupName: 'group',
  logStreamName: 'stream',
  getRemainingTimeInMillis: () => 10_000,
  done: () => undefined,
  fail: () => undefined,
  succeed: () => undefined,
};
