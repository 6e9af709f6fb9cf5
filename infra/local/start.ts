/**
 * `npm start`: runs the whole product on this machine, with sandbox platforms and a demo tenant. It keeps its data in
 * `.local` across restarts; `--fresh` empties the folder first.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { lockFolder } from './aws/folder-lock.ts';
import { returnPath, startDemoApp } from './demo/tenant/demo-app.ts';
import { inboxPath, openInbox, registerInbox } from './demo/tenant/demo-inbox.ts';
import { prepareDemoTenant } from './demo/tenant/demo-tenant.ts';
import { startLocalStack } from './stack/local-stack.ts';
import { freePort } from './stack/ports.ts';

const root = resolve(import.meta.dirname, '..', '..');
const folder = join(root, '.local');
const remembered = z.record(z.string(), z.number());

async function main(): Promise<void> {
  const port = readPort(process.env['PORT']);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = lockFolder(folder);
  if (process.argv.includes('--fresh')) emptyFolder();
  const ports = await readPorts();
  const api = { url: '', key: '' };
  const inbox = openInbox(() => Date.now());
  const app = await startDemoApp({
    port: ports['return'] ?? 0,
    api: () => api,
    fetch: (input, init) => fetch(input, init),
    inbox,
  });
  const stack = await startLocalStack({
    folder: join(folder, 'data'),
    port,
    ports,
    environment: process.env,
    now: () => Date.now(),
    onOutput: (name, line) => process.stdout.write(`${name.padEnd(18)} ${line}\n`),
    returnOrigin: app.origin,
  });
  const demo = await prepareDemoTenant(
    stack.operator,
    `${app.origin}${returnPath}`,
    join(folder, 'data', 'demo-tenant.json'),
  );
  const inboxUrl = `${app.origin}${inboxPath}`;
  const inboxFile = join(folder, 'data', 'demo-inbox.json');
  inbox.trust(await registerInbox(stack.operator, demo.tenantId, inboxUrl, inboxFile));
  api.url = stack.apiUrl;
  api.key = demo.apiKey;
  const { sandboxes } = stack.platforms;
  const platforms = Object.fromEntries(
    Object.entries(sandboxes).map(([name, sandbox]) => [name, sandbox.origin]),
  );
  rememberPorts({ ...sandboxes }, Number(new URL(app.origin).port));
  writeFileSync(
    join(folder, 'endpoints.json'),
    `${JSON.stringify({ apiUrl: stack.apiUrl, ...demo, platforms, aws: stack.endpoints }, null, 2)}\n`,
    { mode: 0o600 },
  );
  process.stdout.write(welcome(stack.apiUrl, demo, platforms, inboxUrl));

  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    rmSync(join(folder, 'endpoints.json'), { force: true });
    await app.close();
    await stack.close();
    lock.release();
    process.exit(0);
  };
  process.on('SIGINT', () => void stop());
  process.on('SIGTERM', () => void stop());
}

function readPort(text = '8787'): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error('PORT must be a number from 0 to 65535.');
  return port;
}

/** Removes everything but the lock, which keeps another start out of the folder. */
function emptyFolder(): void {
  for (const name of ['data', 'ports.json', 'endpoints.json'])
    rmSync(join(folder, name), { recursive: true, force: true });
}

/** The ports of the last start, so that links and registrations stay valid. A port that is taken by now is replaced. */
async function readPorts(): Promise<Readonly<Record<string, number>>> {
  const file = join(folder, 'ports.json');
  const before = existsSync(file)
    ? remembered.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data
    : undefined;
  const ports: Record<string, number> = {};
  for (const [name, port] of Object.entries(before ?? {})) ports[name] = await freePort(port);
  return ports;
}

function rememberPorts(
  sandboxes: Readonly<Record<string, { readonly origin: string; readonly apiOrigin: string }>>,
  returnPort: number,
): void {
  const ports = Object.entries(sandboxes).flatMap(([name, { origin, apiOrigin }]) => [
    [name, Number(new URL(origin).port)],
    [`${name}-api`, Number(new URL(apiOrigin).port)],
  ]);
  writeFileSync(
    join(folder, 'ports.json'),
    JSON.stringify({ ...Object.fromEntries(ports), return: returnPort }),
  );
}

function welcome(
  apiUrl: string,
  demo: { readonly tenantId: string; readonly apiKey: string; readonly returnUrl: string },
  platforms: Readonly<Record<string, string>>,
  inboxUrl: string,
): string {
  return `
Hawser is running at ${apiUrl}
Sandbox platforms: ${Object.entries(platforms)
    .map(([name, origin]) => `${name} ${origin}`)
    .join(' · ')}

Connect a TikTok account:

  curl -s ${apiUrl}/integrations/connect/tiktok \\
    -H 'authorization: Bearer ${demo.apiKey}' \\
    -H 'content-type: application/json' \\
    -d '{"userId":"demo-user","returnUrl":"${demo.returnUrl}"}'

Open the returned authUrl in a browser, allow access, and confirm on the page that follows. Then read the token:

  curl -s '${apiUrl}/integrations/status?userId=demo-user' -H 'authorization: Bearer ${demo.apiKey}'
  curl -s '${apiUrl}/integrations/token/tiktok/ACCOUNT_ID?userId=demo-user' -H 'authorization: Bearer ${demo.apiKey}'

Events that the demo application receives: ${inboxUrl}
To watch the whole journey: npm run demo
Addresses for programs: .local/endpoints.json · Stop with Ctrl-C

`;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : 'The local stack could not start.'}\n`);
  process.exitCode = 1;
  process.exit();
});
