/**
 * The builds of VS Code's own server that npm carries, inside the package code-server, and what each needs to run without
 * a compiler. Between them lie versions that want a tarball from elsewhere (1.106.3) or a Node of their own.
 */
export const SERVERS: Readonly<Record<VsCodeVersion, ServerRecipe>> = {
  '1.100.3': {
    package: 'code-server@4.100.3',
    integrity: 'sha512-q/Fh2DOxCRNhC/WiG/6sAhSKnj7ZACTVBaeeZ+rWjol//0FCbl/qg1ln5ecZ99jYcfqMxZZAyWcN+YBIo0DgpA==',
    prebuilt: (platform) => ({ [`@vscode/ripgrep-${platform}`]: '1.18.0', 'node-pty': 'npm:@lydell/node-pty@1.1.0' }),
    shims: { '@vscode/spdlog': 'spdlog', 'native-watchdog': 'nativeWatchdog', kerberos: 'kerberos' },
    nodeMajor: 20,
    sourceNeedsDriver: false,
  },
  '1.139.1': {
    package: 'code-server@4.139.1',
    integrity: 'sha512-fUYvJVdz4ZoVJfakGiGWXFMpF8K1ObsrpGvX17ZxNpKOzdNHs7lANT670JTr4ZhA8DnWqyvvmFG/d3HV9Yy6ew==',
    prebuilt: (platform) => ({ [`node-${platform}`]: '24.9.0', 'node-pty': 'npm:@lydell/node-pty@1.2.0-beta.15' }),
    shims: { '@vscode/spdlog': 'spdlog', '@vscode/native-watchdog': 'nativeWatchdog', kerberos: 'kerberos' },
    nodeMajor: 24,
    sourceNeedsDriver: true,
  },
};

export type VsCodeVersion = '1.100.3' | '1.139.1';

export interface ServerRecipe {
  readonly package: string;
  readonly integrity: string;
  /** Binaries for what the server would otherwise compile or download: npm dependencies. */
  readonly prebuilt: (platform: string) => Readonly<Record<string, string>>;
  /** Native modules replaced by a plain file of shims/. */
  readonly shims: Readonly<Record<string, string>>;
  /** The Node that the server needs at least; a newer one than ours is among `prebuilt`. */
  readonly nodeMajor: number;
  /** The page honours extensionDevelopmentPath only when the server has --enable-smoke-test-driver. */
  readonly sourceNeedsDriver: boolean;
}

/** The oldest VS Code that `engines` of package.json admits. */
export const OLDEST: VsCodeVersion = '1.100.3';
const NEWEST: VsCodeVersion = '1.139.1';

/**
 * Reads `oldest`, `newest`, `all` or version numbers, with commas between.
 * @throws Error for a version that cannot be had
 */
export function parseVersions(text: string): VsCodeVersion[] {
  const versions = text.split(',').flatMap((word): VsCodeVersion[] => {
    const name = word.trim();
    if (name === 'oldest') return [OLDEST];
    if (name === 'newest') return [NEWEST];
    if (name === 'all') return [OLDEST, NEWEST];
    if (isKnown(name)) return [name];
    throw new Error(`VS Code "${name}" cannot be had: say oldest, newest, all or ${Object.keys(SERVERS).join(', ')}`);
  });
  return [...new Set(versions)];
}

/** The version that a suite is to run in: VSCODE_HOST_VERSION, set by the runner, else the oldest. */
export function versionFromEnvironment(): VsCodeVersion {
  return parseVersions(process.env['VSCODE_HOST_VERSION'] ?? 'oldest')[0] ?? OLDEST;
}

function isKnown(name: string): name is VsCodeVersion {
  return Object.hasOwn(SERVERS, name);
}
