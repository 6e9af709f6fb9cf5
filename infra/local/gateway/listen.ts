/**
 * Opens one port on every loopback address that `localhost` may mean, so that a browser reaches the API whichever
 * it tries first. A port that is taken is reported in words that say what to do.
 */
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';

/** Servers that share one port. */
export interface Listening {
  readonly port: number;
  /** Stops accepting, lets requests in flight finish for a moment, then cuts them. */
  close(): Promise<void>;
}

/** How long requests in flight may take once the gateway is being closed. */
const closingGraceMs = 2_000;
const attemptsForFreePort = 5;

/** Listens on `host` and, for `localhost`, on both 127.0.0.1 and ::1 where the machine has it. Port 0 means any. */
export async function listen(
  listener: RequestListener,
  where: { readonly host: string; readonly port: number },
  options: ServerOptions,
): Promise<Listening> {
  const addresses = where.host === 'localhost' ? ['127.0.0.1', '::1'] : [where.host];
  for (let attempt = 1; ; attempt += 1) {
    const servers: Server[] = [];
    try {
      let port = where.port;
      for (const address of addresses) {
        const server = await bind(createServer(options, listener), address, port);
        if (server === undefined) continue;
        servers.push(server);
        port = portOf(server);
      }
      return { port, close: async () => void (await Promise.all(servers.map(closeServer))) };
    } catch (error) {
      await Promise.all(servers.map(closeServer));
      if (codeOf(error) !== 'EADDRINUSE') throw error;
      if (where.port !== 0)
        throw new Error(`Port ${where.port} is in use. Set PORT to another port.`, { cause: error });
      // A port that is free on 127.0.0.1 may be taken on ::1: then another is drawn.
      if (attempt === attemptsForFreePort) throw error;
    }
  }
}

function bind(server: Server, host: string, port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const missing = host === '::1' && ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(codeOf(error));
      if (missing) resolve(undefined);
      else reject(error);
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      resolve(server);
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), closingGraceMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
