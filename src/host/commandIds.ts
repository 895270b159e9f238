/** Every command of the extension; `src/build/checkManifest.ts` proves that package.json has the same. */
export const commandIds = [
  'rocketmq.localBroker.start',
  'rocketmq.localBroker.stop',
  'rocketmq.localBroker.restart',
  'rocketmq.localBroker.reset',
  'rocketmq.localBroker.showLog',
  'rocketmq.localBroker.menu',
  'rocketmq.connection.add',
  'rocketmq.connection.edit',
  'rocketmq.connection.remove',
  'rocketmq.connection.test',
  'rocketmq.endpoint.addTopic',
  'rocketmq.endpoint.removeTopic',
  'rocketmq.refresh',
  'rocketmq.refreshNode',
  'rocketmq.retryNode',
  'rocketmq.showSystemTopics',
  'rocketmq.hideSystemTopics',
  'rocketmq.topic.create',
  'rocketmq.topic.delete',
  'rocketmq.copyName',
  'rocketmq.openSendPanel',
  'rocketmq.openTailPanel',
  'rocketmq.insertSnippet',
  'rocketmq.openWalkthrough',
] as const;

export type CommandId = (typeof commandIds)[number];
