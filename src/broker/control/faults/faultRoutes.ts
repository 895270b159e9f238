import { ControlError, badRequest } from '../controlError.ts';
import type { ControlRoute } from '../controlServer.ts';
import { readJson } from '../readBody.ts';
import type { Faults } from './faults.ts';
import { readFault } from './readFault.ts';

/** Faults are set one by one or as a list, of which all are good or none is set. */
export function faultRoutes(faults: Faults): readonly ControlRoute[] {
  return [
    ['GET /faults', () => ({ faults: faults.list() })],
    [
      'POST /faults',
      async ({ request }) => {
        const json = await readJson(request);
        if (!Array.isArray(json)) return faults.add([readFault(json)])[0];
        return { faults: faults.add(json.map((one) => readFault(one))) };
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
