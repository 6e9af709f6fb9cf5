/** DynamoDB on this machine: dynalite in this process, on a loopback port that only the front knows. */
import dynalite from 'dynalite';
import { listenOnLoopback } from '../front/listen.ts';
import { openUpstream } from '../front/upstream.ts';
import type { Service } from '../service.ts';

/** @param folder where the tables are kept; in memory when absent. */
export async function startDynamoDb(folder: string | undefined): Promise<Service> {
  // Tables are ready at once: waiting for them would teach nothing and slow every test.
  const timing = { createTableMs: 0, updateTableMs: 0, deleteTableMs: 0 };
  const server = dynalite(folder === undefined ? timing : { ...timing, path: folder });
  // The front's kept connections must not be closed under a call that is just being sent.
  server.keepAliveTimeout = 0;
  const port = await listenOnLoopback(server, 0);
  const upstream = openUpstream({ port, timeoutMilliseconds: 30_000 });

  return {
    serve: (_call, { headers, body }) => upstream.send(headers, body),
    async close() {
      await upstream.close();
      await new Promise<void>((resolve, reject) => {
        server.close((error) => (error === undefined || error === null ? resolve() : reject(error)));
      });
    },
  };
}
