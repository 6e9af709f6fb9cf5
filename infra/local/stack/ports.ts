/** Finds ports on the loopback address. */
import { createServer } from 'node:net';

/** The wanted port if it is free, else any free one. */
export async function freePort(wanted = 0): Promise<number> {
  const taken = await tryPort(wanted);
  return taken ?? (await tryPort(0)) ?? 0;
}

async function tryPort(port: number): Promise<number | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : undefined));
    });
  });
}
