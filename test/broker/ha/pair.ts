import { silentLogger } from '../../../src/base/logger.ts';
import { startBroker } from '../../../src/broker/broker.ts';
import type { Broker } from '../../../src/broker/broker.ts';
import { brokerConfig } from '../../../src/broker/config.ts';
import type { BrokerConfig } from '../../../src/broker/config.ts';
import { GATHER_MS } from '../../../src/broker/ha/replication.ts';
import { openStore } from '../../../src/broker/openStore.ts';
import type { Connection } from '../../../src/remoting/connection.ts';
import { FakeClock } from '../../support/fakeClock.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import type { TempDir } from '../../support/tempDir.ts';
import { waitFor } from '../../support/waitFor.ts';
import { TestBroker, connect } from '../testBroker.ts';

/** A master with its NameServer, and a slave of it with a clock of its own. */
export class TestPair {
  readonly master: TestBroker;
  readonly slaveDirectory: TempDir;
  readonly slaveClock = new FakeClock();
  slave: Broker | undefined;
  slaveClient: Connection | undefined;
  readonly #slaveConfig: Partial<BrokerConfig>;

  private constructor(master: TestBroker, slaveConfig: Partial<BrokerConfig>) {
    this.master = master;
    this.slaveDirectory = makeTempDir('slave');
    this.#slaveConfig = slaveConfig;
  }

  static async start(
    options: { readonly master?: Partial<BrokerConfig>; readonly slave?: Partial<BrokerConfig> } = {},
  ): Promise<TestPair> {
    return new TestPair(
      await TestBroker.start({ broker: { haListenPort: 0, ...options.master } }),
      options.slave ?? {},
    );
  }

  async startSlave(
    more: Partial<BrokerConfig> = {},
    nameServer = this.master.runtime.nameServerAddress,
  ): Promise<Broker> {
    const config = brokerConfig({
      brokerRole: 'SLAVE',
      brokerId: 1,
      listenPort: 0,
      haListenPort: 0,
      mappedFileSizeCommitLog: 1024 * 1024,
      slaveReadEnable: true,
      ...this.#slaveConfig,
      ...more,
    });
    const parts = { directory: this.slaveDirectory.path, clock: this.slaveClock, logger: silentLogger };
    const store = await openStore(config, parts);
    this.slave = await startBroker({ config, store, nameServers: [nameServer], ...parts });
    this.slaveClient = await connect(this.slave.address);
    return this.slave;
  }

  /** The slave has all that the master has. */
  async caughtUp(): Promise<void> {
    const { store } = this.master.context;
    await waitFor(
      'the slave to catch up',
      async () => {
        await this.master.clock.advanceAsync(GATHER_MS);
        return this.slave?.context.store.maxPhysicalOffset === store.maxPhysicalOffset;
      },
      { pollMs: 5 },
    );
  }

  async stopSlave(): Promise<void> {
    this.slaveClient?.dispose();
    await this.slave?.stop();
    this.slave = undefined;
  }

  async stop(): Promise<void> {
    await this.stopSlave();
    await this.master.stop();
    this.slaveDirectory.remove();
  }
}
