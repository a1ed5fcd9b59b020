/**
 * Completes package-lock.json with the binaries of other platforms. Where a registry offers those of one platform only, npm
 * leaves the others out of the lock, and `npm ci` then refuses the lock on every platform. Run it after `npm install`.
 *
 * An added entry has no checksum: npm takes the package from its registry by the exact version that its parent names.
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface Entry {
  version?: string;
  cpu?: string[];
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const SYSTEMS: readonly string[] = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS: readonly string[] = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Entry> };
let added = 0;
for (const parent of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const place = `node_modules/${name}`;
    if (lock.packages[place] !== undefined) continue;
    const words = name.slice(name.lastIndexOf('/') + 1).split('-');
    const os = words.filter((word) => SYSTEMS.includes(word));
    const cpu = words.filter((word) => PROCESSORS.includes(word));
    if (os.length !== 1 || cpu.length !== 1 || !/^\d+\.\d+\.\d+[-.\w]*$/.test(version)) {
      throw new Error(`${name}@${version} does not say its platform and exact version; add it by hand`);
    }
    const libc = words.some((word) => word.startsWith('musl'))
      ? 'musl'
      : words.some((word) => word.startsWith('gnu'))
        ? 'glibc'
        : undefined;
    lock.packages[place] = {
      version,
      cpu,
      ...(parent.dev === true ? { dev: true } : {}),
      optional: true,
      os,
      ...(libc === undefined || os[0] !== 'linux' ? {} : { libc: [libc] }),
    };
    added++;
  }
}
const [root, ...rest] = Object.entries(lock.packages);
if (root === undefined) throw new Error('package-lock.json holds no packages');
lock.packages = Object.fromEntries([root, ...rest.toSorted(([a], [b]) => (a < b ? -1 : 1))]);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} entries added`);
