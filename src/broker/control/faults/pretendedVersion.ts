import { decodeKvTable, encodeKvTable } from '../../../protocol/bodies/route.ts';
import { RequestCode } from '../../../protocol/codes.ts';
import { versionName } from '../../../protocol/command.ts';
import type { Reply } from '../../../remoting/peer.ts';

/** The answer of another release: its head says so, and what tools are told of the broker. */
export function pretending(version: number, requestCode: number, reply: Reply): Reply {
  if (requestCode !== RequestCode.GET_BROKER_RUNTIME_INFO || !Buffer.isBuffer(reply.body)) return { ...reply, version };
  const table = new Map(decodeKvTable(reply.body));
  table.set('brokerVersion', String(version)).set('brokerVersionDesc', versionName(version));
  return { ...reply, version, body: encodeKvTable(table) };
}
