/**
 * What this project uses of the Compose specification, and nothing else. Source: compose-spec/compose-spec,
 * schema/compose-spec.json, and 05-services.md for what the schema does not say.
 */
type Check = (value: unknown) => string | undefined;

/** Every way in which a file does not keep to it; empty for a good one. */
export function composeProblems(file: unknown): string[] {
  const problem = object({
    name: matching(/^[a-z0-9][a-z0-9_-]*$/),
    services: required(mapOf(NAME, service)),
    configs: mapOf(NAME, object({ content: required(text) })),
    volumes: mapOf(NAME, nothing),
  })(file);
  if (problem !== undefined) return [problem];
  return referenceProblems(file as ComposeContent);
}

export interface ComposeService {
  readonly image: string;
  readonly command: string;
  readonly network_mode?: string;
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly configs?: readonly { readonly source: string; readonly target: string }[];
  readonly volumes?: readonly string[];
  readonly depends_on?: readonly string[];
}

export interface ComposeContent {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly configs: Readonly<Record<string, { readonly content: string }>>;
  readonly volumes: Readonly<Record<string, null>>;
}

const NAME = /^[a-zA-Z0-9._-]+$/;

const text: Check = (value) => (typeof value === 'string' ? undefined : 'is no text');
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'is neither true nor false');
const nothing: Check = (value) => (value === null ? undefined : 'is not empty');

const wanted = new WeakSet<Check>();

const service = object({
  image: required(matching(/^[a-z0-9/]+:\w[\w.-]*$/)),
  command: text,
  init: flag,
  user: text,
  network_mode: text,
  stop_grace_period: matching(/^\d+(ms|s|m|h)$/),
  environment: mapOf(/^[A-Z_]+$/, text),
  ports: listOf(matching(/^(\d+\.){3}\d+:\d+:\d+$/)),
  configs: listOf(object({ source: required(text), target: required(matching(/^\//)) })),
  volumes: listOf(matching(/^[\w.-]+:\/[\w./-]*$/)),
  depends_on: listOf(text),
});

function matching(pattern: RegExp): Check {
  return (value) => text(value) ?? (pattern.test(String(value)) ? undefined : `is ${String(value)}`);
}

function required(check: Check): Check {
  const own: Check = (value) => check(value);
  wanted.add(own);
  return own;
}

function object(fields: Readonly<Record<string, Check>>): Check {
  return (value) => {
    if (!isMap(value)) return 'is no map';
    const missing = Object.entries(fields).find(([name, check]) => wanted.has(check) && value[name] === undefined);
    if (missing !== undefined) return `has no ${missing[0]}`;
    return first(
      Object.entries(value),
      ([name, item]) => fields[name]?.(item) ?? (name in fields ? undefined : 'is unknown'),
    );
  };
}

function mapOf(name: RegExp, check: Check): Check {
  return (value) => {
    if (!isMap(value)) return 'is no map';
    return first(Object.entries(value), ([key, item]) => (name.test(key) ? check(item) : 'is no name'));
  };
}

function listOf(check: Check): Check {
  return (value) => {
    if (!Array.isArray(value)) return 'is no list';
    if (new Set(value.map((item) => JSON.stringify(item))).size < value.length) return 'has something twice';
    return first([...value.entries()], ([, item]) => check(item));
  };
}

function first<Key>(
  entries: readonly (readonly [Key, unknown])[],
  check: (entry: readonly [Key, unknown]) => string | undefined,
): string | undefined {
  for (const entry of entries) {
    const problem = check(entry);
    if (problem !== undefined) return `${String(entry[0])} ${problem}`;
  }
  return undefined;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Names that lead nowhere, and what may not stand together. */
function referenceProblems({ services, configs, volumes }: ComposeContent): string[] {
  return Object.entries(services).flatMap(([name, one]) => [
    ...(one.depends_on ?? []).filter((other) => services[other] === undefined).map((other) => `${name}: no ${other}`),
    ...(one.configs ?? []).filter(({ source }) => configs[source] === undefined).map(() => `${name}: no config`),
    ...(one.volumes ?? [])
      .filter((volume) => volumes[volume.slice(0, volume.indexOf(':'))] === undefined)
      .map((volume) => `${name}: no volume ${volume}`),
    ...networkProblems(name, one, services),
  ]);
}

function networkProblems(name: string, { network_mode, ports }: ComposeService, services: object): string[] {
  if (network_mode === undefined) return [];
  const owner = /^service:(.+)$/.exec(network_mode)?.[1] ?? '';
  return [
    ...(owner in services ? [] : [`${name}: no network of ${owner}`]),
    ...(ports === undefined ? [] : [`${name}: ports of another's network`]),
  ];
}
