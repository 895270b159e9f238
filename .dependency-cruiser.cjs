const above = (...allowed) => `^(src|webview|test|bench)/(?!(${allowed.join('|')})/)`;
const forbid = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to });

/** The doors of docs/architecture.md. Type-only imports count. */
module.exports = {
  forbidden: [
    forbid(
      'vscode-only-in-host',
      'Only src/host, src/extension.ts and the tests inside VS Code import vscode.',
      { pathNot: '^(src/host/|src/extension\\.ts$|test/integration/)' },
      { path: '^vscode$' },
    ),
    forbid(
      'base-is-leaf',
      'src/base imports nothing of the project.',
      { path: '^src/base/' },
      { path: above(), pathNot: '^src/base/' },
    ),
    forbid(
      'protocol-on-base',
      'src/protocol stands on src/base.',
      { path: '^src/protocol/' },
      { path: '^src/', pathNot: '^src/(base|protocol)/' },
    ),
    forbid(
      'remoting-on-protocol',
      'src/remoting stands on protocol and base.',
      { path: '^src/remoting/' },
      { path: '^src/', pathNot: '^src/(base|protocol|remoting)/' },
    ),
    forbid(
      'broker-alone',
      'The broker knows no client, script, contract or host.',
      { path: '^src/broker/' },
      { path: '^src/(client|script|contract|host|snippets)/' },
    ),
    forbid(
      'client-not-broker',
      'Client, script and snippets know no broker and no host.',
      { path: '^src/(client|script|snippets)/' },
      { path: '^src/(broker|host)/' },
    ),
    forbid(
      'host-not-broker',
      'The host sees of the broker only the types of control.ts.',
      { path: '^src/(host/|extension\\.ts$)' },
      { path: '^src/broker/', pathNot: '^src/broker/control\\.ts$' },
    ),
    forbid(
      'host-control-type-only',
      'control.ts is imported as a type.',
      { path: '^src/(host/|extension\\.ts$)' },
      { path: '^src/broker/control\\.ts$', dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'webview-types-only',
      'Pages import from src only types of the contract.',
      { path: '^webview/' },
      { path: '^src/', pathNot: '^src/contract/' },
    ),
    forbid(
      'webview-contract-type-only',
      'Pages import the contract as types.',
      { path: '^webview/' },
      { path: '^src/contract/', dependencyTypesNot: ['type-only'] },
    ),
    forbid('webview-no-node', 'Pages run in a browser.', { path: '^webview/' }, { dependencyTypes: ['core'] }),
    forbid(
      'contract-types-only',
      'The contract holds types.',
      { path: '^src/contract/' },
      { dependencyTypesNot: ['type-only'] },
    ),
    forbid('tests-stay-out', 'Product code imports no test.', { path: '^(src|webview)/' }, { path: '^(test|bench)/' }),
    forbid(
      'build-stays-out',
      'Nobody imports src/build.',
      { path: '^(src|webview)/', pathNot: '^src/build/' },
      { path: '^src/build/' },
    ),
    forbid('no-circular', 'No cycles.', {}, { circular: true }),
    forbid(
      'no-orphans',
      'Every file is used.',
      {
        orphan: true,
        pathNot:
          '(\\.d\\.ts$|^src/(extension|broker/main)\\.ts$|^src/build/|^test/|^bench/|^webview/[^/]+/main\\.tsx?$)',
      },
      {},
    ),
    forbid('imports-resolve', 'Every import finds its file.', {}, { couldNotResolve: true, pathNot: '^vscode$' }),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
