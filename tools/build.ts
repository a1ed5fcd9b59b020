/**
 * Builds `dist/`: the command, and the thread that reads logs beside it, each command in a chunk of its own.
 *
 * Some two hundred small modules cost a fifth of a short run to find and compile, so they are joined, pure JavaScript of the
 * dependencies with them (docs/decisions/0008-bundle.md). Native packages and those whose files are read stay outside.
 */
import { chmodSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const HERE = fileURLToPath(new URL('..', import.meta.url));
/** Native, or with files that are read. */
const OUTSIDE = ['@duckdb/', 'node-datachannel', 'uplot'];
const OUT = `${HERE}dist`;

/** Of a package that is loaded by `import()` the bundle has the default export only: a file of ours imports it instead, and is what is loaded. */
const noPackagesOnDemand: Plugin = {
  name: 'no-packages-on-demand',
  setup: (bundle) =>
    bundle.onResolve({ filter: /^[^./]/ }, ({ kind, path, importer }) => {
      const isDefaultEnough =
        OUTSIDE.some((one) => path.startsWith(one)) || path.startsWith('node:') || path === 'zod' || path === 'cli-table3';
      if (kind !== 'dynamic-import' || isDefaultEnough || importer.includes('node_modules')) return undefined;
      return { errors: [{ text: `${path} is loaded by import(): load a file of ours that imports it` }] };
    }),
};

rmSync(OUT, { recursive: true, force: true });
await build({
  absWorkingDir: HERE,
  entryPoints: { 'cli/bin': 'src/cli/bin.ts', 'cli/beside-worker': 'src/ingest/beside-worker.ts' },
  outdir: OUT,
  // Beside the entries: what is found from a module's own address is found from a chunk's.
  chunkNames: 'cli/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: OUTSIDE.map((name) => (name.endsWith('/') ? `${name}*` : name)),
  // Its CommonJS side asks for its parts by names that no bundler sees.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
  sourcemap: true,
  sourcesContent: false,
  // CommonJS packages ask for Node's own modules by require.
  banner: { js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);" },
  plugins: [noPackagesOnDemand],
  logLevel: 'warning',
});
chmodSync(`${OUT}/cli/bin.js`, 0o755);
