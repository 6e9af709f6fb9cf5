/** The API's front door on AWS: its routes, limits, logs and domain. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contract } from '../../../lib/contract/contract.ts';
import type { Route } from '../../../lib/contract/route.ts';
import { type Synthesized, synthesize } from './synthesized.ts';

const stack = synthesize();
const domain = {
  domainName: 'connect.example.com',
  certificateArn: 'arn:aws:acm:eu-west-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab',
};
const limits = z.object({
  ThrottlingRateLimit: z.number(),
  ThrottlingBurstLimit: z.number(),
  DetailedMetricsEnabled: z.literal(true),
});

describe('the API', () => {
  it('routes exactly the routes of the contract, each to its function', () => {
    const expected = Object.values<Route>(contract).map(
      ({ method, path, function: name }) => `${method} ${path} → ${name}`,
    );

    expect(servedRoutes().toSorted()).toEqual(expected.toSorted());
    expect(servedRoutes()).toContain('GET /integrations/callback/{app} → callback');
    expect(servedRoutes()).toContain('GET /openapi.json → health');
  });

  it('invokes functions with payload format 2.0', () => {
    const versions = stack
      .ofType('AWS::ApiGatewayV2::Integration')
      .map(({ properties }) => [properties['IntegrationType'], properties['PayloadFormatVersion']]);

    expect(new Set(versions.map(String))).toEqual(new Set(['AWS_PROXY,2.0']));
  });

  it('allows CORS requests from any origin, without cookies', () => {
    expect(only(stack, 'AWS::ApiGatewayV2::Api')['CorsConfiguration']).toEqual({
      AllowOrigins: ['*'],
      AllowMethods: ['GET', 'POST', 'DELETE'],
      AllowHeaders: ['authorization', 'content-type'],
      ExposeHeaders: ['retry-after', 'x-correlation-id'],
      MaxAge: 3_600,
    });
  });

  it('throttles routes that write or call platforms more tightly than the others', () => {
    const stage = only(stack, 'AWS::ApiGatewayV2::Stage');
    const usual = limits.parse(stage['DefaultRouteSettings']);
    const tight = z.record(z.string(), limits).parse(stage['RouteSettings']);

    expect(Object.keys(tight).toSorted()).toEqual([
      'DELETE /integrations/disconnect/{provider}/{accountId}',
      'POST /integrations/complete',
      'POST /integrations/connect/{provider}',
    ]);
    for (const { ThrottlingRateLimit, ThrottlingBurstLimit } of Object.values(tight)) {
      expect(ThrottlingRateLimit).toBeLessThan(usual.ThrottlingRateLimit);
      expect(ThrottlingBurstLimit).toBeLessThan(usual.ThrottlingBurstLimit);
    }
  });

  it('sets throttles on routes only after CloudFormation has created them', () => {
    const routes = stack.ofType('AWS::ApiGatewayV2::Route').map(({ path }) => path);
    const [stage] = stack.ofType('AWS::ApiGatewayV2::Stage');

    expect(stage?.dependsOn).toEqual(expect.arrayContaining(routes));
  });
});

describe('the access log', () => {
  const logged = z
    .object({ DestinationArn: z.string(), Format: z.string() })
    .parse(only(stack, 'AWS::ApiGatewayV2::Stage')['AccessLogSettings']);

  it('is one JSON object per line, without query, path, headers or bodies', () => {
    const fields = z.record(z.string(), z.string()).parse(JSON.parse(logged.Format));

    expect(Object.values(fields).toSorted()).toEqual([
      '$context.error.message',
      '$context.identity.sourceIp',
      '$context.integrationErrorMessage',
      '$context.integrationLatency',
      '$context.requestId',
      '$context.requestTime',
      '$context.responseLatency',
      '$context.routeKey',
      '$context.status',
    ]);
  });

  it('expires after its retention', () => {
    const group = stack
      .ofType('AWS::Logs::LogGroup')
      .find(({ path }) => `<${path}.Arn>` === logged.DestinationArn);

    expect(group?.properties['RetentionInDays']).toBe(90);
  });
});

describe('a custom domain', () => {
  const withDomain = synthesize(domain);

  it("is the only way to reach the API, and the public URL in the functions' settings", () => {
    const [mapping] = withDomain.ofType('AWS::ApiGatewayV2::ApiMapping');

    expect(only(withDomain, 'AWS::ApiGatewayV2::Api')['DisableExecuteApiEndpoint']).toBe(true);
    expect(mapping?.properties).toMatchObject({ ApiId: '<Api/Http>', Stage: '$default' });
    expect(mapping?.dependsOn).toContain('Api/Http/Serving/Stage');
    expect(withDomain.text).toContain('"PUBLIC_URL":"https://connect.example.com"');
    expect(withDomain.outputs['ApiUrl']).toBe('https://connect.example.com');
  });

  it('outputs the target of its DNS record', () => {
    expect(withDomain.outputs['DomainTarget']).toBe('<Api/Domain.RegionalDomainName>');
  });
});

function only({ ofType }: Synthesized, type: string): Readonly<Record<string, unknown>> {
  const [first, ...more] = ofType(type);
  expect(more).toEqual([]);
  return first?.properties ?? {};
}

function servedRoutes(): string[] {
  const functionOf = new Map(
    stack.ofType('AWS::ApiGatewayV2::Integration').map(({ path, properties }) => {
      const uri = String(properties['IntegrationUri']);
      return [`integrations/<${path}>`, /^<Functions\/([a-z-]+)\/Function\.Arn>$/.exec(uri)?.[1]];
    }),
  );
  return stack.ofType('AWS::ApiGatewayV2::Route').map(({ properties }) => {
    expect(properties['AuthorizationType']).toBe('NONE');
    return `${String(properties['RouteKey'])} → ${functionOf.get(String(properties['Target']))}`;
  });
}
