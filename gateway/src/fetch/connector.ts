import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { isOpenAddress, type PrivateTargets } from './addresses.ts';

/** The guard said no; the message says why and holds nothing secret. */
export class Refused extends Error {
  readonly code = 'REFUSED_ADDRESS';
}

export interface ConnectorOptions {
  readonly privateTargets: PrivateTargets;
  /** For the connection alone: name, TCP and TLS. */
  readonly timeoutMs: number;
  /** All addresses of a name; the system's resolver unless a test says otherwise. */
  readonly resolve?: Resolve;
}

export type Resolve = (
  hostname: string,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

const systemResolve: Resolve = (hostname, done) => systemLookup(hostname, { all: true }, done);

/**
 * Connects to open addresses only. The addresses that were checked are the ones connected to: a name that resolves
 * differently a moment later changes nothing.
 */
export function guardedConnector(options: ConnectorOptions): buildConnector.connector {
  const { privateTargets, timeoutMs } = options;
  const connect = buildConnector({
    timeout: timeoutMs,
    // Deliveries are many small requests side by side; HTTP/1.1 with keep-alive is what every receiver serves.
    allowH2: false,
    lookup: guardedLookup(privateTargets, options.resolve ?? systemResolve),
  });
  return (target, callback) => {
    // An address is connected to without a lookup.
    if (isIP(target.hostname) !== 0 && !isOpenAddress(target.hostname, privateTargets)) {
      callback(refusedAddress(target.hostname), null);
      return;
    }
    connect(target, callback);
  };
}

/** A lookup that gives a name's addresses when every one of them is open, and none otherwise. */
function guardedLookup(targets: PrivateTargets, resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, (error, addresses) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const shut = addresses.find(({ address }) => !isOpenAddress(address, targets));
      const first = addresses[0];
      if (shut !== undefined || first === undefined) callback(refusedAddress(hostname), []);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

export function refusedAddress(hostname: string): Refused {
  return new Refused(`${hostname} is not a public address`);
}
