/**
 * The HTTP API: the contract's routes, each integrated with its function, with rate limits and access logs. The logs
 * never contain the query string, because it carries codes and states.
 */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  ApiMapping,
  CfnStage,
  CorsHttpMethod,
  DomainName,
  HttpApi,
  HttpMethod,
  type HttpRoute,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { RouteName } from '../../lib/contract/contract.ts';
import type { StackOptions } from '../stack-options.ts';
import { cors, routes } from '../topology.ts';
import { type Functions, logRetention } from './functions.ts';

export interface Api {
  readonly api: HttpApi;
  /** Where browsers and platforms reach it. */
  readonly publicUrl: string;
  /** Its custom domain, if it has one. */
  readonly domainName?: DomainName;
}

/** Requests per second of all callers together: a fifth of a new account's quota. */
const usualLimit = { rateLimit: 2_000, burstLimit: 1_000 };
/** For routes that write and call platforms. */
const tightLimit = { rateLimit: 200, burstLimit: 100 };
const tightlyLimited: readonly RouteName[] = ['connect', 'complete', 'disconnect'];

/** One line per request. It has the route instead of the path, because paths contain ids, and never the query. */
const accessLogFields = {
  requestId: '$context.requestId',
  time: '$context.requestTime',
  ip: '$context.identity.sourceIp',
  route: '$context.routeKey',
  status: '$context.status',
  responseMs: '$context.responseLatency',
  integrationMs: '$context.integrationLatency',
  integrationError: '$context.integrationErrorMessage',
  error: '$context.error.message',
} as const;

/** Creates the API without its routes, because the functions' environment needs its URL first. */
export function createApi(parent: Construct, domain: StackOptions['domain']): Api {
  const scope = new Construct(parent, 'Api');
  const api = new HttpApi(scope, 'Http', {
    apiName: 'Hawser',
    createDefaultStage: false,
    // Otherwise callers could use API Gateway's own URL to bypass a firewall in front of the domain.
    disableExecuteApiEndpoint: domain !== undefined,
    corsPreflight: {
      allowOrigins: [...cors.allowOrigins],
      allowMethods: cors.allowMethods.map((method) => CorsHttpMethod[method]),
      allowHeaders: [...cors.allowHeaders],
      exposeHeaders: [...cors.exposeHeaders],
      maxAge: Duration.seconds(cors.maxAgeSeconds),
    },
  });
  if (!domain) return { api, publicUrl: api.apiEndpoint };
  const domainName = new DomainName(scope, 'Domain', {
    domainName: domain.name,
    certificate: Certificate.fromCertificateArn(scope, 'Certificate', domain.certificateArn),
  });
  return { api, publicUrl: `https://${domain.name}`, domainName };
}

/** Integrates every route of the contract with its function, and deploys the API's stage. */
export function serveRoutes({ api, domainName }: Api, functions: Functions): void {
  const scope = new Construct(api, 'Serving');
  const integrations = new Map<string, HttpLambdaIntegration>();
  const served = routes.flatMap(({ method, path, functionName }) => {
    const known = integrations.get(functionName);
    const integration = known ?? new HttpLambdaIntegration(functionName, functions[functionName]);
    integrations.set(functionName, integration);
    return api.addRoutes({ path, methods: [HttpMethod[method]], integration });
  });
  const stage = createStage(scope, api, served);
  if (domainName) new ApiMapping(scope, 'Mapping', { api, domainName, stage });
}

function createStage(scope: Construct, httpApi: HttpApi, served: readonly HttpRoute[]): HttpStage {
  const logGroup = new LogGroup(scope, 'AccessLogs', {
    retention: logRetention,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const stage = new HttpStage(scope, 'Stage', {
    httpApi,
    stageName: '$default',
    autoDeploy: true,
    detailedMetricsEnabled: true,
    throttle: usualLimit,
    accessLogSettings: {
      destination: new LogGroupLogDestination(logGroup),
      format: AccessLogFormat.custom(JSON.stringify(accessLogFields)),
    },
  });
  const { defaultChild } = stage.node;
  if (!(defaultChild instanceof CfnStage)) throw new Error('A stage was expected to be made of a CfnStage.');
  // A route's settings replace all settings of the stage, and can only be set after the route exists.
  defaultChild.routeSettings = Object.fromEntries(
    routes
      .filter(({ name }) => tightlyLimited.includes(name))
      .map(({ method, path }) => [
        `${method} ${path}`,
        {
          ThrottlingRateLimit: tightLimit.rateLimit,
          ThrottlingBurstLimit: tightLimit.burstLimit,
          DetailedMetricsEnabled: true,
        },
      ]),
  );
  stage.node.addDependency(...served);
  return stage;
}
