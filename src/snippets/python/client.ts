/** The Python client of RocketMQ 5 (gRPC); `rocketmq` and `rocketmq-client-python` are older, other packages. */
export const PYTHON_CLIENT = 'rocketmq-python-client==5.1.2';
