import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

export interface Machine {
  readonly name: string;
  readonly address: string;
  /** What runs a program there, in front of it. */
  readonly within: readonly string[];
}

/** Two network namespaces with a cable between them, and a hosts file that both have for their own. */
export class TwoMachines {
  readonly machines: readonly [Machine, Machine];
  readonly #hosts: string;

  private constructor(machines: readonly [Machine, Machine], hosts: string) {
    this.machines = machines;
    this.#hosts = hosts;
  }

  /** Why there can be none here; undefined when there can. */
  static problem(): string | undefined {
    if (process.platform !== 'linux') return 'network namespaces are of Linux';
    const name = `rmq-try-${process.pid}`;
    const tried = [
      ['ip', 'netns', 'add', name],
      ['ip', 'netns', 'exec', name, 'unshare', '--mount', 'mount', '--bind', '/etc/hosts', '/etc/hosts'],
      ['ip', 'link', 'add', `rmqt${process.pid}`, 'type', 'veth', 'peer', 'name', `rmqu${process.pid}`],
    ].find(([command = '', ...args]) => spawnSync(command, args, { stdio: 'ignore' }).status !== 0);
    spawnSync('ip', ['link', 'del', `rmqt${process.pid}`], { stdio: 'ignore' });
    spawnSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
    return tried && `network namespaces cannot be made here: "${tried.join(' ')}" fails`;
  }

  /** @param hosts host names by machine @param directory for the hosts file */
  static start(hosts: readonly [readonly string[], readonly string[]], directory: string): TwoMachines {
    const machine = (index: 1 | 2): Machine => {
      const name = `rmq-${process.pid}-${index}`;
      return { name, address: `10.97.86.${index}`, within: ['ip', 'netns', 'exec', name] };
    };
    const machines = [machine(1), machine(2)] as const;
    const file = path.join(directory, 'hosts');
    const lines = machines.map(({ address }, index) => `${address} ${(hosts[index] ?? []).join(' ')}`);
    fs.writeFileSync(file, `127.0.0.1 localhost\n${lines.join('\n')}\n`);
    const made = new TwoMachines(machines, file);
    // Also of a run that is interrupted.
    process.once('exit', () => made.remove());
    try {
      const cable = (index: number): string => `rmq${process.pid}v${index}`;
      for (const { name } of machines) ip('netns', 'add', name);
      ip('link', 'add', cable(0), 'type', 'veth', 'peer', 'name', cable(1));
      for (const [index, { name, address }] of machines.entries()) {
        ip('link', 'set', cable(index), 'netns', name);
        ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', cable(index));
        ip('-n', name, 'link', 'set', cable(index), 'up');
        ip('-n', name, 'link', 'set', 'lo', 'up');
      }
    } catch (error) {
      made.remove();
      throw error;
    }
    return made;
  }

  /** A command line on that machine: in its network, with the hosts file for its own. */
  command(machine: Machine, ...command: readonly string[]): readonly [string, readonly string[]] {
    const script = 'mount --bind "$0" /etc/hosts && exec "$@"';
    const [first = '', ...rest] = machine.within;
    return [first, [...rest, 'unshare', '--mount', 'sh', '-c', script, this.#hosts, ...command]];
  }

  /** Of what was made, all that there is; the cable goes with its ends. */
  remove(): void {
    for (const { name } of this.machines) spawnSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
    spawnSync('ip', ['link', 'del', `rmq${process.pid}v0`], { stdio: 'ignore' });
  }
}

function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
}
