import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { LogFile } from '../../logWriter.ts';
import type { PlacedNode } from '../clusterDirectory.ts';
import { OWN_GROUP } from '../nodeProgram.ts';
import type { NodeProcess, NodeProgram } from '../nodeProgram.ts';
import { guardProcess } from '../../../base/processGuard.ts';
import type { Distribution } from './distribution.ts';
import type { Java } from './findJava.ts';
import { javaArguments } from './javaArguments.ts';
import { nodeHome } from './nodeHome.ts';

/** What a server prints when its ports listen. Source: NamesrvStartup.java, BrokerStartup.java, ProxyStartup.java. */
const SERVES = /boot success|startup successfully/;
const KEPT_CHARS = 8000;

/** Apache's servers, called without the scripts of the distribution. */
export function javaProgram({ home, version: apache }: Distribution, java: Java): NodeProgram {
  return {
    apache,
    startTimeoutMs: 120_000,
    // A first registration that fails is tried again 10 to 60 s later. Source: BrokerController.java.
    serveTimeoutMs: 90_000,
    // A broker of 5.5.0 takes 11 s on a busy machine.
    stopTimeoutMs: 30_000,
    start: (node) => start(node, home, java),
  };
}

function start(node: PlacedNode, home: string, { executable, version }: Java): NodeProcess {
  const confFiles = readdirSync(path.join(home, 'conf'));
  // Before there is a process that nobody would end if this failed.
  const file = path.join(nodeHome(node), 'console.log');
  const log = new LogFile(file);
  const child = spawn(
    executable,
    javaArguments(node, { javaVersion: version, home, confFiles, delimiter: path.delimiter }),
    {
      cwd: nodeHome(node),
      // The configuration says which NameServers.
      env: { ...process.env, ROCKETMQ_HOME: home, NAMESRV_ADDR: undefined },
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      detached: OWN_GROUP,
    },
  );
  const guard = child.pid === undefined ? undefined : guardProcess(child.pid, 'end');
  child.once('close', () => {
    guard?.dispose();
    log.dispose();
  });
  const { ready, text } = printed(child, log.write);
  return { child, ready, lastWords: () => causeIn(text()), printed: file, stop: () => void child.kill('SIGTERM') };
}

/** What it prints goes to the log as well. */
function printed(
  child: ChildProcess,
  write: (text: string) => void,
): { readonly ready: Promise<void>; readonly text: () => string } {
  let text = '';
  const ready = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (piece: string) => {
        write(piece);
        text = (text + piece).slice(-KEPT_CHARS);
        if (SERVES.test(text)) resolve();
      });
    }
  });
  return { ready, text: () => text };
}

/** The exception of a stack trace, else the last line. */
function causeIn(text: string): string {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const cause = lines.find((line) => /^(Caused by: )?[\w.$]+(Exception|Error)\b/.test(line)) ?? lines.at(-1) ?? '';
  return cause.replace(/\.$/, '');
}
