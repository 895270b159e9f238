import { create, toBinary } from '@bufbuild/protobuf';
import { Code, SettingsSchema } from '../../protocol/grpc/definition_pb.ts';
import type { Settings } from '../../protocol/grpc/definition_pb.ts';
import { Refusal } from './refusal.ts';

const MAX_COUNT = 32;
const MAX_KEY_LENGTH = 64;
const MAX_VALUE_LENGTH = 256;
const MAX_BYTES = 4096;

/**
 * What an application says of its client. Releases of Apache's proxy up to 5.5.0 look at none of it.
 * Source: definition.proto of rocketmq-apis, INVALID_CLIENT_PROPERTIES.
 * @throws Refusal INVALID_CLIENT_PROPERTIES
 */
export function checkClientProperties({ clientProperties }: Pick<Settings, 'clientProperties'>): void {
  const entries = Object.entries(clientProperties);
  if (entries.length === 0) return;
  if (entries.length > MAX_COUNT) throw invalid(`there are ${entries.length}, and ${MAX_COUNT} at most`);
  for (const [key, value] of entries) {
    if (key.length > MAX_KEY_LENGTH) throw invalid(`a key is longer than ${MAX_KEY_LENGTH}`);
    if (!/^[a-zA-Z][a-zA-Z0-9_.-]*$/.test(key)) throw invalid(`the key ${JSON.stringify(key)} is illegal`);
    if (value.length > MAX_VALUE_LENGTH) throw invalid(`the value of ${key} is longer than ${MAX_VALUE_LENGTH}`);
  }
  const { length } = toBinary(SettingsSchema, create(SettingsSchema, { clientProperties }));
  if (length > MAX_BYTES) throw invalid(`they take ${length} bytes, and ${MAX_BYTES} at most`);
}

function invalid(reason: string): Refusal {
  return new Refusal(Code.INVALID_CLIENT_PROPERTIES, `client properties are invalid: ${reason}`);
}
