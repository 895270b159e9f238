/** The classic Go client (remoting protocol), at its newest tag. */
export const GO_CLIENT = 'github.com/apache/rocketmq-client-go/v2@v2.1.2';
