/** Puts a server on a port of 127.0.0.1, out of reach of the network. */
import type { Server } from 'node:net';

/**
 * @param port 0 for any free one.
 * @returns the port it listens on.
 * @throws when the port is taken, in words that say what to do.
 */
export async function listenOnLoopback(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE';
      reject(
        taken ? new Error(`Port ${port} is in use. Choose another one, or 0 for any.`, { cause }) : cause,
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('The server is not listening on a port.');
  return address.port;
}
