/** Which files of an input go into a bundle, and how each is rewritten. */
import type { Seen } from '../look.ts';
import type { FoundFile } from '../discover.ts';

/** lines: text. json-lines: an object a line. json: one document. capture: bytes of connections. */
export type Treatment = 'lines' | 'json-lines' | 'json' | 'capture';

/** Why a file stays out. */
export type LeftOut = 'no evidence' | 'credentials' | 'not readable as a file' | 'larger than what is read of its kind';

/** Whole documents larger than this give no rows (read-small.ts). */
const DOCUMENT_BYTES = 2 * 1024 * 1024;

// oxlint-disable-next-line typescript/consistent-return, complexity -- the switch knows every kind, one branch for each
export function treatmentOf({ file, sniffed: { kind, dialect } }: Seen): Treatment | LeftOut {
  if (file.unread !== undefined || file.isStore || file.absolute === '') return 'not readable as a file';
  switch (kind) {
    case 'unknown':
    case 'database':
    case 'archive':
      return 'no evidence';
    case 'capture':
      return 'capture';
    case 'config':
      // The relay's holds the keys of its store, in a form that no pattern is sure of (field guide 2.1).
      return dialect === 'yaml' ? 'credentials' : document(file);
    case 'access-log':
      return 'json-lines';
    case 'relay-log':
      return dialect === 'relay-json' ? 'json-lines' : 'lines';
    case 'container':
    case 'progress':
      return dialect === 'jsonl' ? 'json-lines' : document(file);
    case 'telemetry':
    case 'marker':
    case 'stack':
      return document(file);
    case 'acl':
    case 'phase':
    case 'accept-marker':
    case 'ipc-marker':
      return file.bytes > DOCUMENT_BYTES ? 'larger than what is read of its kind' : 'lines';
    case 'collected':
      return dialect === 'jsonl' ? 'json-lines' : dialect === 'json' ? document(file) : 'lines';
    case 'client-log':
    case 'runner':
      return 'lines';
  }
}

function document(file: FoundFile): Treatment | LeftOut {
  return file.bytes > DOCUMENT_BYTES ? 'larger than what is read of its kind' : 'json';
}

export function isTreatment(what: Treatment | LeftOut): what is Treatment {
  return what === 'lines' || what === 'json-lines' || what === 'json' || what === 'capture';
}

/**
 * Folder that all entries lie in: what stands above the evidence tells whose it is, so a part of a party's folder keeps the
 * path from that folder on.
 */
export function topFolder(above: string): string {
  const parts = above.split('/').filter((part) => part !== '');
  const owner = parts.findIndex((part, index) => /^[^@\s]+@[^@\s]+$/.test(part) && parts[index - 1] !== 'datasites');
  return owner >= 0 ? parts.slice(owner).join('/') : (parts.at(-1) ?? 'sandbox');
}
