/** What a peer speaks that is no RocketMQ, told from the first bytes it sent; undefined when they say nothing. */
export function foreignProtocol(firstBytes: Buffer): 'http' | 'amqp' | 'tls' | undefined {
  const text = firstBytes.toString('latin1', 0, FIRST_BYTES);
  if (text.startsWith('HTTP/')) return 'http';
  if (text.startsWith('AMQP')) return 'amqp';
  // A TLS record: alert (21) or handshake (22), then major version 3. Source: RFC 8446 §5.1.
  if ((firstBytes[0] === 21 || firstBytes[0] === 22) && firstBytes[1] === 3) return 'tls';
  return undefined;
}

/** How many bytes `foreignProtocol` looks at. A legal frame starts with 0x00, since it is at most 16 MiB. */
export const FIRST_BYTES = 8;
