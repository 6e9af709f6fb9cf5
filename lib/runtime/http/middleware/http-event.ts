/**
 * What the middlewares pass on: to the handler on the event, as middy's own parsers do, and to each other in
 * `internal`.
 */
import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import type { SignedRequest } from '../../../signatures/verification.ts';
import type { RequestFields } from '../../../telemetry/log.ts';
import type { Principal } from '../authentication.ts';

/** The gateway's event, with the field that each middleware adds before the handler runs. */
export interface HttpEvent extends APIGatewayProxyEventV2 {
  /** Added by `correlate`. */
  correlationId: string;
  /** Added by `parse`: path, query and body, or the signed bytes of a platform's request. */
  parsed: {
    readonly params: unknown;
    readonly query: unknown;
    readonly body: unknown;
    readonly signed?: SignedRequest;
  };
  /** Added by `authenticate`: the authenticated caller; undefined on routes that need no credential. */
  principal: Principal | undefined;
}

/** Shared by the middlewares only. */
export type HttpInternal = Record<string, unknown> & {
  ids: RequestFields;
  startedAt: number;
};

export type PlatformResponse = APIGatewayProxyStructuredResultV2;
export type HttpMiddleware = MiddlewareObj<HttpEvent, PlatformResponse, Error, Context, HttpInternal>;
