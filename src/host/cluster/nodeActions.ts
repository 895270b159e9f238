import type { NodeAction, NodeState } from '../../broker/control.ts';

/** In which states a node can be asked what; menus of package.json say the same. */
export const nodeActions: Readonly<Record<NodeAction, readonly NodeState[]>> = {
  start: ['stopped', 'killed', 'died'],
  stop: ['running', 'paused'],
  kill: ['starting', 'running', 'paused', 'stopping'],
  pause: ['running'],
  resume: ['paused'],
};
