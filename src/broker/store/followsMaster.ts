/** Nothing is stored but what the master's log holds. */
export class FollowsMaster extends Error {
  constructor() {
    super('the store follows that of a master');
    this.name = 'FollowsMaster';
  }
}
