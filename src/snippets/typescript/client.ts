/** The Node.js client of RocketMQ 5 (gRPC). */
export const TYPESCRIPT_CLIENT = 'rocketmq-client-nodejs@1.0.8';
