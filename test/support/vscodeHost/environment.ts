/** What `npm run` hands down would make an npm below it work on the wrong package. */
export function withoutNpmSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return without(env, /^npm_(config_(local_prefix|global_prefix|prefix|dry_run|workspace)|package_|lifecycle_)/i);
}

/** The environment of a VS Code server: no gallery, and nothing from a VS Code terminal or npm, which change its start. */
export function serverEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const inherited = without(process.env, /^(VSCODE_(?!HOST_)|ELECTRON_|npm_config_|npm_package_|npm_lifecycle_)/);
  return { EXTENSIONS_GALLERY: '{}', ...inherited, ...extra };
}

function without(env: NodeJS.ProcessEnv, names: RegExp): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.test(name)));
}
