/**
 * Opens a connection to a host after checking all of its addresses, and pins it to one of them: DNS rebinding cannot
 * redirect it. The certificate must still match the host name.
 */
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { isLoopbackAddress, isPublicAddress } from './pinned-address.ts';
import { hostOf, isInsecureOrigin } from './pinned-url.ts';

/** Resolves all addresses of a name. Rejects when there are none or the resolver fails. */
export type Resolve = (name: string) => Promise<readonly string[]>;

/** Opens a socket to a checked address without a DNS lookup. */
export type Connect = (to: Endpoint) => Socket;

export interface Endpoint {
  /** A checked address. */
  readonly address: string;
  readonly port: number;
  /** The name that the certificate must match; absent without TLS. */
  readonly serverName?: string;
}

export type Opened =
  | { readonly kind: 'open'; readonly socket: Socket }
  /** One of the addresses is not public; nothing was sent. */
  | { readonly kind: 'refused' }
  /** The name has no address, or no address accepted the connection. */
  | { readonly kind: 'unreachable' };

/** Enough for a name with several machines, some of which are down. */
export const mostTries = 3;

export const resolveAll: Resolve = async (name) =>
  (await lookup(name, { all: true })).map(({ address }) => address);

export const connectTo: Connect = ({ address: host, port, serverName }) =>
  serverName === undefined
    ? connectPlain({ host, port })
    : connectSecure({
        host,
        port,
        // SNI takes names only (https://www.rfc-editor.org/rfc/rfc6066#section-3); TLS checks an address as the host.
        ...(isIP(serverName) === 0 && { servername: serverName }),
        ALPNProtocols: ['http/1.1'],
      });

export interface PinnedConnectionDeps {
  readonly resolve: Resolve;
  readonly connect: Connect;
  readonly insecureOrigins: readonly string[];
}

/**
 * Resolves, checks and connects before the signal aborts.
 * @param patienceMilliseconds per address except the last, so that one silent address does not block the others.
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
  // One private address among public ones is enough to refuse the name: the resolver could pick it.
  const fits = (address: string) => isPublicAddress(address) || (insecure && isLoopbackAddress(address));
  if (!addresses.every(fits)) return { kind: 'refused' };
  const secure = url.protocol === 'https:';
  const port = Number(url.port || (secure ? 443 : 80));
  const tried = inOrder(addresses);
  for (const address of tried) {
    const patience = AbortSignal.timeout(patienceMilliseconds);
    const until = address === tried.at(-1) ? signal : AbortSignal.any([signal, patience]);
    const socket = connect({ address, port, ...(secure && { serverName: host }) });
    // Until the request attaches its own listener, an error would otherwise crash the process.
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

/** Lambda functions outside a VPC cannot reach IPv6 addresses, so these come last. */
function inOrder(addresses: readonly string[]): readonly string[] {
  const distinct = [...new Set(addresses)];
  return distinct.toSorted((one, other) => isIP(one) - isIP(other)).slice(0, mostTries);
}

/** Returns no address when the lookup takes too long; the resolver itself takes no signal. */
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
