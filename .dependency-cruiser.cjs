// Who may import whom, in one table. Read it as: key may import itself and the listed folders.
const MAY_IMPORT = {
  util: [],
  model: ['util'],
  protocol: ['model', 'util'],
  store: ['model', 'util'],
  ingest: ['model', 'protocol', 'store', 'util'],
  rules: ['model', 'util'],
  gate: ['model', 'util'],
  report: ['model', 'util'],
  proxy: ['model', 'protocol', 'util'],
  live: ['ingest', 'model', 'rules', 'store', 'util'],
  cli: ['gate', 'ingest', 'live', 'model', 'proxy', 'report', 'rules', 'store', 'util'],
};
// Files of a closed folder that another folder may use all the same.
const ALSO = { rules: ['store/sql\\.ts$'] };

const layers = Object.entries(MAY_IMPORT).map(([from, to]) => ({
  name: `${from}-keeps-to-its-layer`,
  comment: `src/${from} may import only: ${[from, ...to].join(', ')}. Move the code down a layer, or pass it in as an argument.`,
  severity: 'error',
  from: { path: `^src/${from}/` },
  to: { path: '^src/', pathNot: [`^src/(${[from, ...to].join('|')})/`, ...(ALSO[from] ?? []).map((p) => `^src/${p}`)] },
}));

const only = (name, pkg, where) => ({
  name,
  severity: 'error',
  comment: `${pkg} is reached only from ${where}.`,
  from: { path: '^src/', pathNot: where },
  to: { path: pkg },
});

module.exports = {
  forbidden: [
    ...layers,
    only('duckdb-only-in-store', 'node_modules/@duckdb/', '^src/store/'),
    only('ws-only-in-proxy', 'node_modules/ws/', '^src/proxy/'),
    only('webrtc-native-only-in-one-file', 'node_modules/node-datachannel/', '^src/proxy/webrtc/native\\.ts$'),
    {
      name: 'pure-layers-touch-no-io',
      severity: 'error',
      comment: 'Codecs, rules, reports and the gate take values and return values. Files, sockets and clocks are handed in.',
      from: { path: '^src/(util|model|protocol|rules|report|gate)/|^src/ingest/parsers/' },
      to: { dependencyTypes: ['core'], path: '^(node:)?(fs|fs/promises|net|tls|http|https|dgram|child_process|worker_threads|os)$' },
    },
    { name: 'no-circular', severity: 'error', comment: 'A cycle hides which file depends on which.', from: {}, to: { circular: true } },
    {
      name: 'src-never-imports-test',
      severity: 'error',
      comment: 'Tests are not shipped.',
      from: { path: '^(src|tools|bench)/' },
      to: { path: '^test/' },
    },
    {
      name: 'tests-do-not-import-tests',
      severity: 'error',
      comment: 'What two tests share lives in test/helpers/.',
      from: { path: '^test/' },
      to: { path: '\\.test\\.ts$' },
    },
    {
      name: 'not-unreachable-from-bin',
      severity: 'error',
      comment: 'Nothing in src/ is there that the command cannot reach, but for the frame codec that parties share and the second thread.',
      from: { path: '^src/cli/bin\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(index|protocol/frame|ingest/beside-worker)\\.ts$', reachable: false },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
  },
};
