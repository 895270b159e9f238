import { existsSync, readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Clock } from '../../base/clock.ts';
import { CodedError, errorText } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { ClientTls } from '../../remoting/dial.ts';
import type { ServerTls, TlsIdentity } from '../../remoting/tlsGate.ts';
import { readTlsProperties } from '../config.ts';
import type { TlsConfig } from '../config.ts';

/* TLS by the keys of Apache's TlsSystemConfig.java. Source: TlsHelper.java; remoting sheet §1.10. */

/**
 * How a server speaks TLS; undefined when it does not. In test mode its certificate is made at the first handshake.
 * @throws CodedError `config-invalid` when what it needs cannot be read
 */
export function serverTls(
  given: TlsConfig,
  parts: {
    readonly clock: Clock;
    readonly logger: Logger;
    /** What is shown in test mode; a fresh certificate otherwise. */
    readonly testIdentity?: () => Promise<TlsIdentity>;
  },
): ServerTls | undefined {
  const config = withProperties(given);
  const mode = config['tls.server.mode'];
  if (mode === 'disabled') return undefined;
  const base = { mode: mode === 'enforcing' ? 'enforcing' : 'permissive' } as const;
  if (config['tls.test.mode.enable']) {
    let identity: Promise<TlsIdentity> | undefined;
    // A bundle of its own, for the few that need it: src/build/bundle.ts.
    const fresh = (): Promise<TlsIdentity> =>
      import('./selfSigned.ts').then((made) => made.selfSignedIdentity(parts.clock.now()));
    const { testIdentity = fresh } = parts;
    return { ...base, asksClients: false, admits: () => true, identity: () => (identity ??= testIdentity()) };
  }
  const need = config['tls.server.need.client.auth'].toLowerCase();
  const mustBeTrusted = config['tls.server.authClient'];
  return {
    ...base,
    asksClients: need !== 'none',
    admits: ({ hasCertificate, isTrusted }) => (hasCertificate ? !mustBeTrusted || isTrusted : need !== 'require'),
    identity: fromFiles(config, parts.logger),
  };
}

/** How this broker speaks to its NameServers; undefined without TLS. @throws CodedError `config-invalid` */
export function clientTls(given: TlsConfig): ClientTls | undefined {
  const config = withProperties(given);
  if (!config['tls.enable']) return undefined;
  if (config['tls.test.mode.enable']) return {};
  const cert = readKeyFile(config, 'tls.client.certPath');
  const key = readKeyFile(config, 'tls.client.keyPath');
  const ca = config['tls.client.authServer'] ? readKeyFile(config, 'tls.client.trustCertPath') : undefined;
  return { ca, cert, key, passphrase: config['tls.client.keyPassword'] || undefined };
}

/** The files are read anew when one of them changed; one that cannot be used changes nothing. */
function fromFiles(config: TlsConfig, logger: Logger): () => Promise<TlsIdentity> {
  const paths = [config['tls.server.certPath'], config['tls.server.keyPath'], config['tls.server.trustCertPath']];
  const stamp = (): string => paths.map((path) => (path === '' ? '' : String(statSync(path).mtimeMs))).join();
  const read = (): TlsIdentity => {
    const identity = {
      cert: readKeyFile(config, 'tls.server.certPath') ?? missing('tls.server.certPath'),
      key: readKeyFile(config, 'tls.server.keyPath') ?? missing('tls.server.keyPath'),
      passphrase: config['tls.server.keyPassword'] || undefined,
      ca: config['tls.server.authClient'] ? readKeyFile(config, 'tls.server.trustCertPath') : undefined,
    };
    try {
      createSecureContext(identity);
    } catch (error) {
      throw unusable('tls.server.keyPath', config['tls.server.keyPath'], error);
    }
    return identity;
  };
  let identity = read();
  let seen = stamp();
  return () => {
    try {
      const now = stamp();
      if (now !== seen) {
        seen = now;
        identity = read();
        logger.info('the certificate is read anew');
      }
    } catch (error) {
      logger.error('the certificate stays as it is', error);
    }
    return Promise.resolve(identity);
  };
}

function withProperties(config: TlsConfig): TlsConfig {
  const path = config['tls.config.file'];
  if (path === '' || !existsSync(path)) return config;
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    throw unusable('tls.config.file', path, error);
  }
  return { ...config, ...readTlsProperties(content).settings };
}

type PathKey = keyof TlsConfig & `${string}Path`;

function readKeyFile(config: TlsConfig, key: PathKey): Buffer | undefined {
  if (config[key] === '') return undefined;
  try {
    return readFileSync(config[key]);
  } catch (error) {
    throw unusable(key, config[key], error);
  }
}

function missing(key: PathKey): never {
  throw new CodedError('config-invalid', { key, value: '', reason: 'TLS outside of test mode needs it' });
}

function unusable(key: string, value: string, error: unknown): CodedError {
  return new CodedError('config-invalid', { key, value, reason: errorText(error) }, { cause: error });
}
