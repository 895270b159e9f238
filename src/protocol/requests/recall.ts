import { optional, string } from '../fields.ts';

/** RECALL_MESSAGE 370. Source: RecallMessageRequestHeader.java; remoting sheet §3.2. */
export const recallMessage = {
  producerGroup: optional(string),
  topic: string,
  recallHandle: string,
} as const;
