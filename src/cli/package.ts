import { readFileSync } from 'node:fs';

/** Where this package lies: two folders above this one, in the sources and in what is built of them. */
export const PACKAGE = new URL('../../', import.meta.url);

export function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('package.json', PACKAGE), 'utf8')) as { version: string };
  return manifest.version;
}
