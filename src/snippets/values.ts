import type { Snippet, SnippetSlot } from './snippet.ts';

export type SnippetValues = Readonly<Record<SnippetSlot, string>>;

/** What is known of the place the code will run against; the rest gets a default. */
export interface KnownValues {
  /** `host:port;host:port` */
  readonly nameServers?: string | undefined;
  readonly grpcEndpoint?: string | undefined;
  readonly topic?: string | undefined;
  readonly group?: string | undefined;
  /** The file the code goes to, for languages that name a class after it; may be a path. */
  readonly fileName?: string | undefined;
}

export function snippetValues(snippet: Snippet, known: KnownValues): SnippetValues {
  const topic = known.topic || 'TopicTest';
  return {
    className: javaClassName(known.fileName) ?? DEFAULTS[snippet.pattern].className,
    nameServers: known.nameServers || '127.0.0.1:9876',
    grpcEndpoint: known.grpcEndpoint || '127.0.0.1:8081',
    topic,
    group: known.group || defaultGroup(snippet, topic),
    tag: DEFAULTS[snippet.pattern].tag,
  };
}

/** A group of its own for this topic and role: producers and consumers must not share one by accident. */
export function defaultGroup(snippet: Snippet, topic: string): string {
  const name = topic.replace(/[^\w|%-]/g, '_') + DEFAULTS[snippet.pattern].groupSuffix;
  return name.length > MAX_GROUP_LENGTH ? name.slice(-MAX_GROUP_LENGTH) : name;
}

/** Validators.CHARACTER_MAX_LENGTH is 255; the retry topic `%RETRY%group` must fit a topic name of 127. */
const MAX_GROUP_LENGTH = 120;

const DEFAULTS = {
  producer: { className: 'RocketMQProducer', groupSuffix: '_producer', tag: 'TagA' },
  pushConsumer: { className: 'RocketMQConsumer', groupSuffix: '_consumer', tag: '*' },
} as const;

function javaClassName(fileName: string | undefined): string | undefined {
  return fileName === undefined ? undefined : /(?:^|[\\/])([A-Za-z_]\w*)\.java$/.exec(fileName)?.[1];
}
