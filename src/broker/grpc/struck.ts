import { Code } from '../../protocol/grpc/definition_pb.ts';
import { isUnary } from '../../protocol/grpc/rpc.ts';
import type { RpcResponse, StreamRpc, UnaryRpc } from '../../protocol/grpc/rpc.ts';
import type { RpcStrike } from '../requestFaults.ts';
import { answersTo } from './answers.ts';
import type { Answers, AnyResponse } from './answers.ts';
import type { CallContext } from './callContext.ts';
import type { RpcStatus } from './refusal.ts';
import type { TelemetryCall } from './telemetry.ts';

/** Where the answers to an RPC go that a fault strikes, or none; undefined when it is not to be carried out. */
export function struck(
  { call, session }: CallContext,
  name: UnaryRpc | StreamRpc,
  strike: RpcStrike | undefined,
): Answers | undefined {
  const answers = answersTo(call, name);
  switch (strike?.kind) {
    case undefined:
      return answers;
    case 'refuse':
      if (strike.isCarriedOut) return { ...answers, end: (response) => answers.end(notWell(response, strike.status)) };
      if (isUnary(name)) answers.end({ status: strike.status });
      else {
        answers.write({ content: { case: 'status', value: strike.status } });
        answers.end();
      }
      return undefined;
    case 'endCall':
      call.end(strike.status.code, strike.status.message);
      return undefined;
    case 'closeConnection':
      session.dispose();
      return undefined;
    case 'dropAnswer':
      // Until the deadline of the client passes, or it goes.
      return { write: () => undefined, end: () => undefined };
    case 'deliverTwice':
      return twice(answers, strike.nothingCame);
    case 'delay':
      return delayed(answers, strike.after);
  }
}

/** Telemetry is a conversation: a fault can but end it. */
export function isEndedByFault(
  { call, session }: CallContext,
  telemetry: TelemetryCall,
  strike: RpcStrike | undefined,
): boolean {
  switch (strike?.kind) {
    case 'closeConnection':
      session.dispose();
      return true;
    case 'endCall':
      call.end(strike.status.code, strike.status.message);
      return true;
    case 'refuse':
      telemetry.write({ status: strike.status });
      call.end();
      return true;
    default:
      return false;
  }
}

type Sent = Exclude<RpcResponse<'sendMessage'>, { $typeName: string }>;

/** The answer to a send whose messages are stored, but not as well as they should be. */
function notWell(response: AnyResponse | undefined, status: RpcStatus): AnyResponse | undefined {
  const { status: stored, entries = [] } = response as Sent;
  if (stored?.code !== Code.OK) return response;
  const late: Sent = { status, entries: entries.map((entry) => ({ ...entry, status }) as typeof entry) };
  return late;
}

/** Most receptions of a client that waits for messages end without one. */
function twice(answers: Answers, nothingCame: () => void): Answers {
  let hasCome = false;
  return {
    write: (response) => {
      answers.write(response);
      if (!('content' in response) || response.content.case !== 'message') return;
      hasCome = true;
      answers.write(response);
    },
    end: (response) => {
      if (!hasCome) nothingCame();
      answers.end(response);
    },
  };
}

/** In their order, once everything is there and the time is over. */
function delayed(answers: Answers, after: (callback: () => void) => void): Answers {
  const waiting: AnyResponse[] = [];
  return {
    write: (response) => void waiting.push(response),
    end: (response) =>
      after(() => {
        for (const one of waiting) answers.write(one);
        answers.end(response);
      }),
  };
}
