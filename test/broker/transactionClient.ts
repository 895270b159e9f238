import assert from 'node:assert/strict';
import { RequestCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import type { StoredMessage } from '../../src/protocol/message.ts';
import { parseOffsetMessageId } from '../../src/protocol/messageId.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import type { RequestHandler } from '../../src/remoting/peer.ts';
import { TIMEOUT_MS, ask, records, sendRequest } from './testBroker.ts';

export const COMMIT = 8;
export const ROLLBACK = 12;

/** Where a half message lies, as END_TRANSACTION names it. */
export interface HalfPlace {
  readonly tranStateTableOffset: string;
  readonly commitLogOffset: string;
  readonly msgId: string;
}

export interface Question {
  readonly command: RemotingCommand;
  readonly place: HalfPlace;
  readonly half: StoredMessage;
}

export interface TransactionClientOptions {
  readonly connect: (handle: RequestHandler) => Promise<Connection>;
  readonly clock: { now(): number };
  readonly group?: string;
  readonly clientId?: string;
}

/** A producer of transactional messages that keeps what it is asked, and answers only when the test says so. */
export class TransactionClient {
  readonly questions: Question[] = [];
  readonly #now: () => number;
  readonly #group: string;
  #connection: Connection | undefined;

  private constructor({ clock, group = 'TxGroup' }: TransactionClientOptions) {
    this.#now = () => clock.now();
    this.#group = group;
  }

  static async start(options: TransactionClientOptions): Promise<TransactionClient> {
    const client = new TransactionClient(options);
    client.#connection = await options.connect(({ command }) => {
      if (command.code === RequestCode.CHECK_TRANSACTION_STATE) client.questions.push(question(command));
      return undefined;
    });
    const { clientId: clientID = 'tx-client' } = options;
    await ask(
      client.connection,
      RequestCode.HEART_BEAT,
      {},
      { clientID, producerDataSet: [{ groupName: client.#group }] },
    );
    return client;
  }

  get connection(): Connection {
    assert.ok(this.#connection);
    return this.#connection;
  }

  /** Sends a half message that is born now. */
  async half(topic: string, body: string, properties: Record<string, string> = {}): Promise<HalfPlace> {
    const answer = await this.connection.request(
      sendRequest(topic, body, {
        properties: { TRAN_MSG: 'true', UNIQ_KEY: `KEY-${body}`, PGROUP: this.#group, WAIT: 'true', ...properties },
        header: { f: '4', g: String(this.#now()) },
      }),
      TIMEOUT_MS,
    );
    assert.equal(answer.code, 0, answer.remark);
    return {
      tranStateTableOffset: answer.extFields['queueOffset'] ?? '',
      commitLogOffset: String(parseOffsetMessageId(answer.extFields['msgId'] ?? '').physicalOffset),
      msgId: answer.extFields['transactionId'] ?? '',
    };
  }

  end(place: HalfPlace, commitOrRollback: number, more: Record<string, string> = {}): Promise<RemotingCommand> {
    return ask(this.connection, RequestCode.END_TRANSACTION, {
      producerGroup: this.#group,
      commitOrRollback: String(commitOrRollback),
      fromTransactionCheck: 'false',
      ...place,
      ...more,
    });
  }

  /** Waits for nothing: what the broker wrote before this answer has come. */
  async settled(): Promise<Question[]> {
    await ask(this.connection, RequestCode.GET_MAX_OFFSET, { topic: 'T', queueId: '0' });
    return this.questions;
  }
}

function question(command: RemotingCommand): Question {
  const { tranStateTableOffset = '', commitLogOffset = '', msgId = '' } = command.extFields;
  const [half] = records(command.body);
  assert.ok(half);
  return { command, place: { tranStateTableOffset, commitLogOffset, msgId }, half };
}
