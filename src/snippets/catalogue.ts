import { goProducer } from './go/producer.ts';
import { goPushConsumer } from './go/pushConsumer.ts';
import { javaProducer } from './java/producer.ts';
import { javaPushConsumer } from './java/pushConsumer.ts';
import { pythonProducer } from './python/producer.ts';
import { pythonPushConsumer } from './python/pushConsumer.ts';
import type { Snippet, SnippetLanguage, SnippetPattern } from './snippet.ts';
import { typescriptProducer } from './typescript/producer.ts';
import { typescriptPushConsumer } from './typescript/pushConsumer.ts';

type Catalogue = { readonly [L in SnippetLanguage]: { readonly [P in SnippetPattern]: Snippet } };

/** Every language has every pattern: the type says so. */
export const SNIPPETS: Catalogue = {
  java: { producer: javaProducer, pushConsumer: javaPushConsumer },
  go: { producer: goProducer, pushConsumer: goPushConsumer },
  python: { producer: pythonProducer, pushConsumer: pythonPushConsumer },
  typescript: { producer: typescriptProducer, pushConsumer: typescriptPushConsumer },
};
