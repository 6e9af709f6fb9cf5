/**
 * A connection to a host whose every address was checked first, made to one of those very addresses: a name that says
 * something else a moment later leads nowhere new. The certificate must still be the name's.
 */
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { isLoopbackAddress, isPublicAddress } from './pinned-address.ts';
import { hostOf, isInsecureOrigin } from './pinned-url.ts';

/** All addresses of a name. Rejects when there are none or nobody answers. */
export type Resolve = (name: string) => Promise<readonly string[]>;

/** Opens a socket; it does not look up anything any more. */
export type Connect = (to: Endpoint) => Socket;

export interface Endpoint {
  /** An address that was checked. */
  readonly address: string;
  readonly port: number;
  /** The name that the certificate must be for; absent where there is no TLS. */
  readonly serverName?: string;
}

export type Opened =
  | { readonly kind: 'open'; readonly socket: Socket }
  /** One of the addresses is not of the public internet; nothing was sent anywhere. */
  | { readonly kind: 'refused' }
  /** The name has no address, or none of its addresses took the connection. */
  | { readonly kind: 'unreachable' };

/** Enough for a name that stands for several machines of which some are down. */
export const mostTries = 3;

export const resolveAll: Resolve = async (name) =>
  (await lookup(name, { all: true })).map(({ address }) => address);

export const connectTo: Connect = ({ address: host, port, serverName }) =>
  serverName === undefined
    ? connectPlain({ host, port })
    : connectSecure({
        host,
        port,
        // Only names are indicated (RFC 6066 section 3); an address is checked against the certificate as the host.
        ...(isIP(serverName) === 0 && { servername: serverName }),
        ALPNProtocols: ['http/1.1'],
      });

export interface PinnedConnectionDeps {
  readonly resolve: Resolve;
  readonly connect: Connect;
  readonly insecureOrigins: readonly string[];
}

/**
 * Resolves, checks and connects, all before the signal aborts.
 * @param patienceMilliseconds for an address that is not the last: it may be silent, and another one not.
 */
export async function openPinned(
  { resolve, connect, insecureOrigins }: PinnedConnectionDeps,
  url: URL,
  signal: AbortSignal,
  patienceMilliseconds: number,
): Promise<Opened> {
  const host = hostOf(url);
  const addresses = isIP(host) ? [host] : await resolved(resolve(host), signal);
  if (addresses.length === 0) return { kind: 'unreachable' };
  const insecure = isInsecureOrigin(url, insecureOrigins);
  // A name that mixes public with other addresses is as bad as one that has no public address at all.
  const fits = (address: string) => isPublicAddress(address) || (insecure && isLoopbackAddress(address));
  if (!addresses.every(fits)) return { kind: 'refused' };
  const secure = url.protocol === 'https:';
  const port = Number(url.port || (secure ? 443 : 80));
  const tried = inOrder(addresses);
  for (const address of tried) {
    const patience = AbortSignal.timeout(patienceMilliseconds);
    const until = address === tried.at(-1) ? signal : AbortSignal.any([signal, patience]);
    const socket = connect({ address, port, ...(secure && { serverName: host }) });
    // Between here and the request nobody else listens.
    socket.on('error', () => undefined);
    try {
      await once(socket, secure ? 'secureConnect' : 'connect', { signal: until });
      return { kind: 'open', socket };
    } catch {
      socket.destroy();
      if (signal.aborted) break;
    }
  }
  return { kind: 'unreachable' };
}

/** Functions outside of a VPC have no way to IPv6 addresses, so that these come last. */
function inOrder(addresses: readonly string[]): readonly string[] {
  const distinct = [...new Set(addresses)];
  return distinct.toSorted((one, other) => isIP(one) - isIP(other)).slice(0, mostTries);
}

/** Nothing when the name cannot be resolved in time: a resolver takes no signal. */
async function resolved(
  addresses: Promise<readonly string[]>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const late = new Promise<readonly string[]>((resolve) => {
    if (signal.aborted) resolve([]);
    else signal.addEventListener('abort', () => resolve([]), { once: true });
  });
  return Promise.race([addresses.catch(() => []), late]);
}
