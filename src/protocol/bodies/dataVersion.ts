import type { FastjsonObject } from '../fastjson.ts';
import { isObject, numberAt } from './read.ts';

/** Tells whether a table changed. Source: DataVersion.java. */
export interface DataVersion {
  readonly counter: number;
  readonly stateVersion: number;
  readonly timestamp: number;
}

export function readDataVersion(value: FastjsonObject[string] | undefined): DataVersion | undefined {
  if (!isObject(value)) return undefined;
  return {
    counter: numberAt(value, 'counter'),
    stateVersion: numberAt(value, 'stateVersion'),
    timestamp: numberAt(value, 'timestamp'),
  };
}

export function sameDataVersion(a: DataVersion | undefined, b: DataVersion | undefined): boolean {
  return a?.counter === b?.counter && a?.stateVersion === b?.stateVersion && a?.timestamp === b?.timestamp;
}
