import { ControlError, badRequest } from '../controlError.ts';
import type { ControlRoute } from '../controlServer.ts';
import { readJson } from '../readBody.ts';
import type { Fault } from './fault.ts';
import type { FaultList } from './faultList.ts';
import { readFault } from './readFault.ts';

/**
 * Faults are set one by one or as a list, of which all are good or none is set.
 * @param servesGrpc whether anything of gRPC can be struck
 */
export function faultRoutes(faults: FaultList, servesGrpc: () => boolean): readonly ControlRoute[] {
  const read = (json: unknown): Fault => {
    const fault = readFault(json);
    if (fault.server === 'grpc' && !servesGrpc()) {
      throw new ControlError(409, 'this broker serves no gRPC: start it with --grpc-port');
    }
    return fault;
  };
  return [
    ['GET /faults', () => ({ faults: faults.list() })],
    [
      'POST /faults',
      async ({ request }) => {
        const json = await readJson(request);
        if (!Array.isArray(json)) return faults.add([read(json)])[0];
        return { faults: faults.add(json.map((one) => read(one))) };
      },
    ],
    ['DELETE /faults', () => ({ cleared: faults.clear() })],
    [
      'DELETE /faults/:id',
      ({ name }) => {
        if (!/^\d{1,15}$/.test(name)) throw badRequest(`a fault has a number, not "${name.slice(0, 80)}"`);
        const cleared = faults.clear(Number(name));
        if (cleared === 0) throw new ControlError(404, `there is no fault ${name}`);
        return { cleared };
      },
    ],
  ];
}
