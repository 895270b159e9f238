/** The classic Java client (remoting protocol); its version follows the server's. */
export const JAVA_CLIENT = 'org.apache.rocketmq:rocketmq-client:5.5.0';
