import type { ClusterAnswer, ClusterEvent, ClusterQuestion, ClusterRequest } from '../control.ts';

/** Answers what the parent process asks over the channel of `fork`, where there is one. `answer` never rejects. */
export function serveParent(answer: (request: ClusterRequest) => Promise<ClusterAnswer>): void {
  if (!process.connected) return;
  process.on('message', (question: ClusterQuestion | { readonly kind: 'stop' }) => {
    if (question.kind !== 'ask') return;
    const { id, request } = question;
    void answer(request).then((reply) => tellParent({ kind: 'answer', id, answer: reply }));
  });
}

export function tellParent(event: ClusterEvent): void {
  // A parent that goes meanwhile is told by the channel's end; without the callback it would be an error of this process.
  if (process.connected) process.send?.(event, undefined, undefined, () => undefined);
}
