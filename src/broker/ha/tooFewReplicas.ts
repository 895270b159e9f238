/** Nothing is stored while not enough slaves are in sync. Its message is Apache's remark. */
export class TooFewReplicas extends Error {
  constructor() {
    super('in-sync replicas not enough');
    this.name = 'TooFewReplicas';
  }
}
