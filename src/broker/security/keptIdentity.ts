import { X509Certificate, createPrivateKey } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { errorText, systemErrorCode } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { TlsIdentity } from '../../remoting/tlsGate.ts';

/** One that is about to expire is made anew at the next start. */
const SPARE_MS = 30 * 86_400_000;

/**
 * A certificate that nobody vouches for, made once and kept in the store directory, so that whoever chose to trust it
 * still does after a restart.
 */
export async function keptIdentity(
  storeDirectory: string,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<TlsIdentity> {
  const directory = path.join(storeDirectory, 'config', 'tls');
  const files = { cert: path.join(directory, 'rocketmq.crt'), key: path.join(directory, 'rocketmq.key') };
  const known = readIdentity(files, clock.now(), logger);
  if (known !== undefined) return known;
  // A bundle of its own, needed once: src/build/bundle.ts.
  const made = await import('./selfSigned.ts');
  const identity = await made.selfSignedIdentity(clock.now());
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(files.key, identity.key, { mode: 0o600 });
    writeFileSync(files.cert, identity.cert);
  } catch (error) {
    logger.warn(`the TLS certificate is not kept: ${errorText(error)}`);
  }
  return identity;
}

function readIdentity(
  files: { readonly cert: string; readonly key: string },
  nowMs: number,
  logger: Logger,
): TlsIdentity | undefined {
  try {
    const identity = { cert: readFileSync(files.cert), key: readFileSync(files.key) };
    const certificate = new X509Certificate(identity.cert);
    if (!certificate.checkPrivateKey(createPrivateKey(identity.key))) throw new Error('key and certificate differ');
    return Date.parse(certificate.validTo) - nowMs > SPARE_MS ? identity : undefined;
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') logger.warn(`the TLS certificate is made anew: ${errorText(error)}`);
    return undefined;
  }
}
