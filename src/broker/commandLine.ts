import { CodedError } from '../base/errors.ts';
import { readOptions } from './readOptions.ts';

export type Role = 'start' | 'namesrv' | 'broker';

export interface CommandLine {
  readonly role: Role;
  readonly nameServerPort: number | undefined;
  /** Of the broker, or of the NameServer where it runs alone. */
  readonly port: number | undefined;
  readonly grpcPort: number | 'off' | undefined;
  /** Undefined is no control interface. */
  readonly controlPort: number | undefined;
  readonly host: string | undefined;
  readonly nameServers: string | undefined;
  readonly store: string | undefined;
  readonly temporary: boolean;
  readonly config: string | undefined;
  readonly json: boolean;
  readonly log: string | undefined;
  /** Debug lines too. */
  readonly verbose: boolean;
}

export const USAGE = `rocketmq-local - a RocketMQ NameServer and broker for development, without Java

Usage:
  rocketmq-local start   [--namesrv-port N] [--port N] [--grpc-port N|off] [options]
                         NameServer and broker in one process
  rocketmq-local namesrv [--port N] [options]
                         the NameServer alone
  rocketmq-local broker  -n HOST:PORT[;HOST:PORT] [--port N] [--grpc-port N|off] [options]
                         the broker alone, registered with these NameServers
  rocketmq-local cluster start|status|stop|kill|pause|resume|logs|compose
                         several of each, a process a node; see rocketmq-local cluster --help
  rocketmq-local control [--url URL] [--token TOKEN] COMMAND
                         asks the control interface of a broker: faults, clock, topic, messages, wait, seed, snapshot,
                         restore, reset; the broker is also found by ROCKETMQ_LOCAL_CONTROL_URL and _TOKEN

Options:
  --namesrv-port N   port of the NameServer (default 9876); 0 takes any free one
  --port N           port of the broker (default 10911); 0 takes any free one
  --grpc-port N|off  port for gRPC clients, by TLS and without (default 8081 where it is free); 0 takes any free one
  --control-port N   with start: port on 127.0.0.1 of the control interface (default: none); 0 takes any free one
  --host ADDR        address to listen on (default 127.0.0.1); 0.0.0.0 lets other machines in
  --store DIR        directory of messages and settings (default: rocketmq-local in your data directory)
  --temp             a fresh directory instead, removed at the end
  -c, --config FILE  broker.conf (or namesrv.conf) with the keys of Apache RocketMQ; keys that nothing obeys are
                     named in the log; maxStoreBytes=N refuses messages beyond N bytes
  -n, --namesrv LIST NameServers of the broker
  --json             print one JSON object on standard output when sends are accepted
  --log FILE         write the log there instead of standard error
  --verbose          write more to the log
  -h, --help         this text
  -v, --version      the version

Ctrl+C ends it.
`;

const options = {
  'namesrv-port': { type: 'string' },
  port: { type: 'string' },
  'grpc-port': { type: 'string' },
  'control-port': { type: 'string' },
  host: { type: 'string' },
  store: { type: 'string' },
  temp: { type: 'boolean' },
  config: { type: 'string', short: 'c' },
  namesrv: { type: 'string', short: 'n' },
  json: { type: 'boolean' },
  log: { type: 'string' },
  verbose: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

/** @throws CodedError `usage` with the reason */
export function parseCommandLine(args: readonly string[]): CommandLine | 'help' | 'version' {
  const { values, positionals } = readOptions(args, options, usage);
  if (values.help === true) return 'help';
  if (values.version === true) return 'version';
  const [role, ...others] = positionals;
  if (role === undefined) return 'help';
  if (role !== 'start' && role !== 'namesrv' && role !== 'broker') throw usage(`there is no command "${role}"`);
  if (others.length > 0) throw usage(`"${others.join(' ')}" is not understood`);
  if (values.store !== undefined && values.temp === true) throw usage('--store and --temp exclude each other');
  if (role === 'broker' && values['namesrv-port'] !== undefined) throw usage('the broker takes -n, not --namesrv-port');
  if (role === 'start' && values.namesrv !== undefined)
    throw usage('start brings its own NameServer; -n is for broker');
  if (role !== 'start' && values['control-port'] !== undefined) throw usage('--control-port is for start');
  return {
    role,
    nameServerPort: port('--namesrv-port', values['namesrv-port']),
    port: port('--port', values.port),
    grpcPort: values['grpc-port'] === 'off' ? 'off' : port('--grpc-port', values['grpc-port'], ', or off'),
    controlPort: port('--control-port', values['control-port']),
    // As it stands in an address.
    host: values.host?.replace(/^\[(.*)\]$/, '$1'),
    nameServers: values.namesrv,
    store: values.store,
    temporary: values.temp === true,
    config: values.config,
    json: values.json === true,
    log: values.log,
    verbose: values.verbose === true,
  };
}

function port(name: string, text: string | undefined, orElse = ''): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > 65535)
    throw usage(`${name} wants a port from 0 to 65535${orElse}, not "${text}"`);
  return number;
}

function usage(reason: string): CodedError {
  return new CodedError('usage', { reason });
}
