/** What the front needs of a service, whether it is served in this process or by an engine behind a port. */
import type { IncomingHttpHeaders } from 'node:http';
import type { AwsCall } from './front/aws-call.ts';
import type { HttpAnswer } from './front/upstream.ts';
import { type Operation, perform } from './json-operations.ts';

export interface ReceivedRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Aborted when the front closes: for calls that wait. */
  readonly closing: AbortSignal;
}

export interface Service {
  serve(call: AwsCall, request: ReceivedRequest): Promise<HttpAnswer>;
  /** Told when an answer found its caller gone. */
  undelivered?(call: AwsCall, request: ReceivedRequest, answer: HttpAnswer): Promise<void>;
  close(): Promise<void>;
}

/** A service whose operations run in this process. */
export function serviceOf(operations: ReadonlyMap<string, Operation>): Service {
  return {
    async serve(call) {
      const body = Buffer.from(JSON.stringify(perform(operations, call)), 'utf8');
      return { status: 200, headers: ['Content-Type', 'application/x-amz-json-1.1'], body };
    },
    close: () => Promise.resolve(),
  };
}
