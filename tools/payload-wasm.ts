/** Assembles src/ingest/payload.wat into src/ingest/payload-wasm.ts: `npx tsx tools/payload-wasm.ts`; a test compares the two. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const SOURCE = new URL('../src/ingest/payload.wat', import.meta.url);
const TARGET = new URL('../src/ingest/payload-wasm.ts', import.meta.url);

/** Text of the module that holds the assembled code. */
export async function payloadModule(): Promise<string> {
  const assembler = await wabt();
  const parsed = assembler.parseWat('payload.wat', readFileSync(SOURCE, 'utf8'), { simd: true });
  const { buffer } = parsed.toBinary({});
  parsed.destroy();
  const lines =
    Buffer.from(buffer)
      .toString('base64')
      .match(/.{1,120}/g) ?? [];
  return `/** Made of payload.wat by tools/payload-wasm.ts. */\nexport const PAYLOAD_WASM =\n${lines.map((line) => `  '${line}'`).join(' +\n')};\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(TARGET, await payloadModule());
