/**
 * Decides which addresses belong to the public internet (SSRF protection). Everything else (this machine, private
 * networks, metadata services, IPv4 tunnelled through IPv6) is off limits to outsiders, and so is any unknown range.
 */
import { BlockList, isIP } from 'node:net';

/** IANA's special-purpose registry for IPv4, plus ranges that clouds use. https://www.iana.org/assignments/iana-ipv4-special-registry */
const special4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  // Carrier-grade NAT, including Alibaba's metadata service.
  ['100.64.0.0', 10],
  // Loopback, including the runtime API of Lambda.
  ['127.0.0.0', 8],
  // Link-local: metadata and credentials of AWS, Google and Azure.
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  // Protocol assignments, including Oracle's metadata service.
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  // 6to4 relays.
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  // Multicast, then reserved, up to the broadcast address.
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  // Azure's own services for virtual machines.
  ['168.63.129.16', 32],
] as const;

/**
 * The only block that IANA allocates for global unicast. It excludes loopback, link-local, unique local and multicast
 * addresses, IPv4-mapped and IPv4-compatible ones, NAT64 (64:ff9b::/96, 64:ff9b:1::/48) and unassigned space.
 */
const unicast6 = listOf([['2000::', 3]], 'ipv6');

/** Special-purpose ranges within that block. https://www.iana.org/assignments/iana-ipv6-special-registry */
const special6 = [
  // Protocol assignments, Teredo (2001::/32), benchmarking and ORCHID among them.
  ['2001::', 23],
  ['2001:db8::', 32],
  // 6to4 embeds an arbitrary IPv4 address.
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
] as const;

const refused4 = listOf(special4, 'ipv4');
const refused6 = listOf(special6, 'ipv6');

/** Whether the text is a public unicast address. */
export function isPublicAddress(address: string): boolean {
  // A zone id names an interface of this machine.
  if (address.includes('%')) return false;
  const version = isIP(address);
  if (version === 4) return !refused4.check(address, 'ipv4');
  return version === 6 && unicast6.check(address, 'ipv6') && !refused6.check(address, 'ipv6');
}

/** Whether the text is a loopback address in canonical form. */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}

function listOf(
  ranges: readonly (readonly [network: string, bits: number])[],
  type: 'ipv4' | 'ipv6',
): BlockList {
  const list = new BlockList();
  for (const [network, bits] of ranges) list.addSubnet(network, bits, type);
  return list;
}
