import type { ChannelTls } from '../remoting/grpc/grpcChannel.ts';

/** An entry of `rocketmq.connections`. */
export type ConnectionSetting = ClusterSetting | EndpointSetting;

export interface ClusterSetting {
  readonly name: string;
  /** `host:port;host:port` */
  readonly nameServers: string;
}

/** A proxy that is reached by gRPC alone. */
export interface EndpointSetting {
  readonly name: string;
  /** `host:port` */
  readonly grpcEndpoint: string;
  readonly tls: ChannelTls;
  /** What to show: an endpoint lists no topics. */
  readonly topics: readonly string[];
}

export const SETTINGS_SECTION = 'rocketmq';

/** Every setting and its default; `src/build/checkManifest.ts` proves that package.json has the same. */
export const settingDefaults: SettingValues = {
  connections: [],
  'explorer.showSystemTopics': false,
  'localBroker.autoStart': false,
  'localBroker.controlInterface': false,
  'localBroker.grpcPort': 8081,
  'localBroker.nameServerPort': 9876,
  'localBroker.port': 10911,
  requestTimeoutMs: 3000,
  'tail.capacity': 10_000,
};

export interface SettingValues {
  readonly connections: readonly ConnectionSetting[];
  readonly 'explorer.showSystemTopics': boolean;
  readonly 'localBroker.autoStart': boolean;
  readonly 'localBroker.controlInterface': boolean;
  readonly 'localBroker.grpcPort': number;
  readonly 'localBroker.nameServerPort': number;
  readonly 'localBroker.port': number;
  readonly requestTimeoutMs: number;
  readonly 'tail.capacity': number;
}

export type SettingName = keyof SettingValues;

type Limits = Readonly<Partial<Record<SettingName, { readonly minimum: number; readonly maximum: number }>>>;

/** Numbers outside are taken for the default, as the settings editor marks them as wrong. */
export const settingLimits: Limits = {
  'localBroker.grpcPort': { minimum: -1, maximum: 65_535 },
  'localBroker.nameServerPort': { minimum: 0, maximum: 65_535 },
  'localBroker.port': { minimum: 0, maximum: 65_535 },
  // A page waits 30 s for what may be two requests, to a NameServer and to a broker.
  requestTimeoutMs: { minimum: 100, maximum: 14_000 },
  'tail.capacity': { minimum: 100, maximum: 100_000 },
};

/** Reads settings whatever a person wrote into the file: a value of the wrong type is taken for the default. */
export class Settings {
  readonly #read: (name: SettingName) => unknown;

  constructor(read: (name: SettingName) => unknown) {
    this.#read = read;
  }

  boolean(name: NamesOf<boolean>): boolean {
    const value = this.#read(name);
    return typeof value === 'boolean' ? value : settingDefaults[name];
  }

  number(name: NamesOf<number>): number {
    const value = this.#read(name);
    const { minimum, maximum } = settingLimits[name] ?? { minimum: -Infinity, maximum: Infinity };
    return Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum
      ? Number(value)
      : settingDefaults[name];
  }
}

type NamesOf<T> = { [K in SettingName]: SettingValues[K] extends T ? K : never }[SettingName];
