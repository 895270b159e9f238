import type { Resource } from '../../../protocol/grpc/definition_pb.ts';
import type { AnyRpcRequest } from '../../requestFaults.ts';
import type { Touched } from './touched.ts';

/** Whom and what an RPC names; who calls is known already. */
export function touchedByRpc(request: AnyRpcRequest): Touched {
  return { topics: names(topicsOf(request)), groups: names(groupsOf(request)), clientId: undefined };
}

type Named = Pick<Resource, 'name'> | undefined;

function topicsOf(request: AnyRpcRequest): readonly Named[] {
  if (request.$typeName === 'apache.rocketmq.v2.TelemetryCommand') {
    const { command } = request;
    if (command.case !== 'settings') return [];
    const { pubSub } = command.value;
    if (pubSub.case === 'publishing') return pubSub.value.topics;
    return pubSub.case === 'subscription' ? pubSub.value.subscriptions.map(({ topic }) => topic) : [];
  }
  if ('messages' in request) return request.messages.map(({ topic }) => topic);
  if ('messageQueue' in request) return [request.messageQueue?.topic];
  return 'topic' in request ? [request.topic] : [];
}

function groupsOf(request: AnyRpcRequest): readonly Named[] {
  if (request.$typeName === 'apache.rocketmq.v2.TelemetryCommand') {
    const { command } = request;
    const pubSub = command.case === 'settings' ? command.value.pubSub : undefined;
    return pubSub?.case === 'subscription' ? [pubSub.value.group] : [];
  }
  return 'group' in request ? [request.group] : [];
}

function names(resources: readonly Named[]): readonly string[] {
  return resources.flatMap((resource) => (resource === undefined || resource.name === '' ? [] : [resource.name]));
}
