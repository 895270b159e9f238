import type { Reply } from '../remoting/connection.ts';

export const SUCCESS: Reply = { code: 0 };

export function success(extFields: Readonly<Record<string, string>>): Reply {
  return { code: 0, extFields };
}

export function successBody(body: Buffer): Reply {
  return { code: 0, body };
}

/** Apache's brokers end some remarks with this; clients' users search for it. Source: FAQUrl.java. */
export const FAQ_HINT = '\nSee https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details.';
