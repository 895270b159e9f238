import { CodedError, errorText, systemErrorCode } from '../base/errors.ts';
import type { RunningBroker } from './control.ts';

/** One sentence for the command line: why it does not start, and what to do. */
export function explain(error: unknown, running: RunningBroker | undefined): string {
  if (!(error instanceof CodedError)) {
    const hint =
      systemErrorCode(error) === undefined ? '' : '; give a directory that you may write with --store, or --temp';
    return `It cannot start: ${errorText(error)}${hint}.`;
  }
  const { details } = error;
  const detail = (name: string): string => String(details[name] ?? '');
  switch (error.code) {
    case 'usage':
      return `${capital(detail('reason'))}; see rocketmq-local --help.`;
    case 'port-in-use':
      return (
        `Port ${detail('port')} is already in use; stop the program that listens there, ` +
        'or choose another with --port, --namesrv-port, --grpc-port or --control-port (0 takes any free one).'
      );
    case 'port-not-permitted':
      return `You may not listen on port ${detail('port')}; choose one above 1023 with --port, --namesrv-port, --grpc-port or --control-port.`;
    case 'address-unresolved':
      return `${detail('address')} is not an address of this machine; choose another with --host.`;
    case 'address-invalid':
      return `"${detail('address')}" is not an address; write it as host:port, several separated by semicolons.`;
    case 'store-locked':
      return lockedBy(detail('directory'), detail('pid'), running);
    case 'store-damaged':
      return (
        `${detail('path')} is damaged (${detail('reason')}); restore it from a copy, ` +
        'or start with another directory by --store or --temp.'
      );
    case 'config-invalid':
      return `${detail('key')}=${detail('value')} cannot be used: ${detail('reason')}; correct it in the file given with -c.`;
    default:
      return `It cannot start: ${error.message}.`;
  }
}

function lockedBy(directory: string, pid: string, running: RunningBroker | undefined): string {
  const addresses =
    running === undefined || String(running.pid) !== pid
      ? ''
      : `, NameServer ${running.namesrv}, broker ${running.broker}`;
  return (
    `Another broker (pid ${pid}${addresses}) uses the store ${directory}; ` +
    'use that one, stop it, or start with another directory by --store or --temp.'
  );
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
