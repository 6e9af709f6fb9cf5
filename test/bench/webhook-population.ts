/** The apps and accounts of the webhook benches, and what their platforms send: one event of TikTok, ten of Instagram. */
import { createHmac } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { SealedConnection } from '../../lib/connections/connection.ts';
import {
  type AccountId,
  type AppId,
  newConnectionId,
  newGrantId,
  type ProviderId,
  type TenantId,
  type UserId,
} from '../../lib/ids.ts';

export const apps = {
  tiktok: { provider: 'tiktok', clientId: 'ckexample123', clientSecret: 's4ndb0x-tiktok-client-secret' },
  instagram: { provider: 'instagram', clientId: '990602627938098', clientSecret: 's4ndb0x-instagram-secret' },
} as const;

export type AppName = keyof typeof apps;

/** Accounts of TikTok, each with one connection. */
export const accounts: readonly string[] = Array.from(
  { length: 200 },
  (_, index) => `-000BenchOpenId${String(index).padStart(6, '0')}`,
);

const day = 86_400_000;

export function connectionOf(account: string, now: number): SealedConnection {
  const scopes = ['user.info.basic', 'user.info.profile', 'video.list'];
  return {
    id: newConnectionId(),
    tenantId: 'bench' as TenantId,
    userId: `user-of-${account}` as UserId,
    provider: apps.tiktok.provider as ProviderId,
    accountId: account as AccountId,
    appId: apps.tiktok.provider as string as AppId,
    grantId: newGrantId(),
    platformUserId: account,
    linking: 'confirmed',
    status: 'active',
    generation: 1,
    displayName: 'Mira Lindqvist',
    avatarUrl: 'https://p16-sign.tiktokcdn.example/avatar/mira.jpeg',
    metadata: { username: 'mira.bakes', verified: true },
    requestedScopes: scopes,
    scopes,
    tokenType: 'Bearer',
    obtainedAt: now,
    expiresAt: now + day,
    refreshExpiresAt: now + 365 * day,
    refreshable: true,
    connectedAt: now - 30 * day,
    updatedAt: now,
    // About as long as the real ones.
    sealed: { accessToken: new Uint8Array(300), refreshToken: new Uint8Array(300) },
  };
}

/** A post's state, as TikTok tells it. */
export function tiktokBody(account: string, number: number, now: number): string {
  return JSON.stringify({
    client_key: apps.tiktok.clientId,
    event: 'post.publish.complete',
    create_time: Math.floor(now / 1000),
    user_openid: account,
    content: JSON.stringify({ publish_id: `v_inbox_file~v2.${number}`, publish_type: 'INBOX_SHARE' }),
  });
}

/** Ten comments, as Meta tells them. */
export function instagramBody(now: number): string {
  const changes = Array.from({ length: 10 }, (_, index) => ({
    field: 'comments',
    value: {
      id: `1800000000000000${index}`,
      from: { id: '900000000000001', username: 'cafe_fan' },
      text: 'Where can I find this one?',
      media: { id: '17900000000000001', media_product_type: 'FEED' },
    },
  }));
  const entry = [{ id: '17841400000000001', time: Math.floor(now / 1000), changes }];
  return JSON.stringify({ object: 'instagram', entry });
}

export function signatureOf(
  app: AppName,
  body: string,
  now: number,
): readonly [header: string, value: string] {
  const hmac = createHmac('sha256', apps[app].clientSecret);
  if (app === 'instagram') return ['x-hub-signature-256', `sha256=${hmac.update(body).digest('hex')}`];
  const t = Math.floor(now / 1000);
  return ['tiktok-signature', `t=${t},s=${hmac.update(`${t}.${body}`).digest('hex')}`];
}

/** As an HTTP API sends it: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
export function deliveryEvent(app: AppName, body: string, now: number): APIGatewayProxyEventV2 {
  const routeKey = 'POST /integrations/webhook/{app}';
  const path = `/integrations/webhook/${app}`;
  const domainName = 'hawser.execute-api.us-east-1.amazonaws.com';
  const [header, value] = signatureOf(app, body, now);
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: '',
    pathParameters: { app },
    headers: {
      accept: '*/*',
      'accept-encoding': 'deflate, gzip',
      'content-length': String(Buffer.byteLength(body)),
      'content-type': 'application/json',
      host: domainName,
      'user-agent': 'platform',
      'x-amzn-trace-id': 'Root=1-691f0000-0123456789abcdef01234567',
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
      [header]: value,
    },
    requestContext: {
      accountId: '000000000000',
      apiId: 'bench',
      domainName,
      domainPrefix: 'hawser',
      http: { method: 'POST', path, protocol: 'HTTP/1.1', sourceIp: '203.0.113.7', userAgent: 'platform' },
      requestId: 'JKJaXmPLvHcESHA=',
      routeKey,
      stage: '$default',
      time: '20/Nov/2026:12:00:00 +0000',
      timeEpoch: now,
    },
    body,
    isBase64Encoded: false,
  };
}
