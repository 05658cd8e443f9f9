import ipaddr from 'ipaddr.js';

/** Which addresses beside global unicast the client may reach. */
export type PrivateTargets = 'refused' | 'loopback' | 'allowed';

/** What `allowed` opens: networks of one's own. Link-local stays shut, since clouds keep their credentials there. */
const OWN_NETWORKS = new Set(['loopback', 'private', 'uniqueLocal', 'carrierGradeNat']);

const GLOBAL_UNICAST: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3];
const NAT64: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('64:ff9b::'), 96];

/**
 * Whether the client may connect to an address.
 *
 * @param address an IPv4 or IPv6 address as a resolver or a parsed URL gives it, without brackets
 */
export function isOpenAddress(address: string, targets: PrivateTargets): boolean {
  let parsed: ipaddr.IPv4 | ipaddr.IPv6;
  try {
    parsed = ipaddr.parse(address);
  } catch {
    return false;
  }
  if (parsed instanceof ipaddr.IPv6) {
    // The kernel connects to the IPv4 address inside.
    if (parsed.isIPv4MappedAddress()) return isOpen(parsed.toIPv4Address().range(), targets);
    // Resolvers of networks without IPv4 write every IPv4 address so (RFC 6052): a gateway there connects to it.
    if (parsed.match(NAT64)) return isOpen(embedded(parsed).range(), 'refused');
    const range = parsed.range();
    // What is not set aside for anything is still only global inside 2000::/3 (IANA IPv6 address space).
    return isOpen(range === 'unicast' && !parsed.match(GLOBAL_UNICAST) ? 'reserved' : range, targets);
  }
  return isOpen(parsed.range(), targets);
}

function isOpen(range: string, targets: PrivateTargets): boolean {
  if (range === 'unicast') return true;
  if (targets === 'loopback') return range === 'loopback';
  return targets === 'allowed' && OWN_NETWORKS.has(range);
}

function embedded(address: ipaddr.IPv6): ipaddr.IPv4 {
  return new ipaddr.IPv4(address.toByteArray().slice(12));
}
