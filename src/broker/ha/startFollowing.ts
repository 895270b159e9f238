import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { BrokerContext } from '../brokerContext.ts';
import { parseAddress } from '../../remoting/address.ts';
import { connectError } from '../../remoting/dial.ts';
import type { ClientTls } from '../../remoting/dial.ts';
import type { Disposable } from '../../base/disposable.ts';
import { DisposableStore } from '../../base/disposable.ts';
import type { Replica } from '../store/replica.ts';
import { Follower } from './follower.ts';
import { MasterBroker } from './masterBroker.ts';
import { Metadata } from './metadata.ts';
import { checkSameLog } from './sameLog.ts';

const CONNECT_TIMEOUT_MS = 3000;

/**
 * A slave follows the master that the NameServers name, or `haMasterAddress`: its log, and what it keeps beside.
 * Source: BrokerController.handleRegisterBrokerResult.
 */
export function startFollowing(broker: BrokerContext, replica: Replica, tls: ClientTls | undefined): Disposable {
  const { config, store, clock, logger, registration, security, topics, groups, offsets, delayLevels, timers } = broker;
  const owned = new DisposableStore();
  const master = owned.add(new MasterBroker({ clock, logger, credentials: security.credentials, tls }));
  const metadata = owned.add(
    new Metadata(
      { topics, groups, offsets, requestModes: broker.pops.modes, delayLevels, timers },
      { master, isFollowed: () => broker.replication.hasMaster, clock, logger },
    ),
  );
  owned.add(store.onArrival(({ topic }) => topics.get(topic) === undefined && metadata.miss(topic)));
  owned.add(registration.onMaster(({ masterAddr }) => (master.address = masterAddr)));
  const findMaster = async (): Promise<string | undefined> => {
    // A NameServer names the master in its answer to a registration.
    await registration.announce();
    const { haServerAddr } = registration.master;
    return config.haMasterAddress === '' ? haServerAddr : config.haMasterAddress;
  };
  const check = async (): Promise<void> => {
    if (master.address === undefined)
      throw new Error('no NameServer knows the master, which this log is compared with');
    await checkSameLog(store, master);
  };
  broker.replication.follow(
    new Follower({
      store,
      replica,
      settings: config,
      clock,
      logger,
      connect: (address) => connectTo(address, clock),
      check,
      onFollowing: () => metadata.sync(),
      findMaster,
    }),
  );
  return owned;
}

function connectTo(address: string, clock: BrokerContext['clock']): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const { host, port } = parseAddress(address);
    const socket = connect({ host, port, noDelay: true });
    const fail = (error: Error): void => {
      timer.dispose();
      socket.destroy();
      reject(connectError(error, address, CONNECT_TIMEOUT_MS));
    };
    const timer = clock.after(CONNECT_TIMEOUT_MS, () => fail(new Error(`no answer in ${CONNECT_TIMEOUT_MS} ms`)));
    socket.once('error', fail);
    socket.once('connect', () => {
      timer.dispose();
      socket.off('error', fail);
      resolve(socket);
    });
  });
}
