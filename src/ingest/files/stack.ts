/** `relay/state.json` of the devstack (field guide 2.2): which clients it started. Says nothing secret; ports and pids only. */
import { JsonObject, rejectedFile, wholeFile, type FilePlace, type FileRows, type TableRow } from './file-rows.ts';

export function isStack(object: JsonObject): boolean {
  return object.has('clients') && object.has('server') && object.has('root');
}

export function readStack(text: string, { sourceId }: FilePlace): FileRows {
  if (text.trim() === '') return rejectedFile(text, 'empty-file');
  const file = JsonObject.parse(text);
  if (file === undefined) return rejectedFile(text, 'not-json');
  if (!isStack(file)) return rejectedFile(text, 'unexpected-shape');
  const rows = file.list('clients').flatMap(({ index, object }) => {
    const email = object.text('email');
    if (email === null) return [];
    const pid = object.integer('pid');
    // A daemon that runs inside another program has neither process nor binary of its own.
    const isEmbedded = pid === 0 || object.text('bin_path') === '';
    return [{ table: 'stack_client', values: [sourceId, `/clients/${index}`, email, pid, object.port('port'), isEmbedded] }];
  });
  return wholeFile(text, [...rows, ...portRows(file, sourceId)]);
}

/** Ports that are taken before any proxy starts. */
function portRows(file: JsonObject, sourceId: number): TableRow[] {
  const minio = file.object('minio');
  const found: (readonly [pointer: string, name: string, port: number | null | undefined])[] = [
    ['/server/port', 'relay', file.object('server')?.port('port')],
    ['/minio/api_port', 'MinIO', minio?.port('api_port')],
    ['/minio/console_port', 'MinIO console', minio?.port('console_port')],
  ];
  for (const { index, object } of file.list('clients'))
    found.push([`/clients/${index}/port`, `control plane of ${object.text('email') ?? 'a client'}`, object.port('port')]);
  return found.flatMap(([pointer, name, port]) =>
    port == null || port === 0 ? [] : [{ table: 'stack_port', values: [sourceId, pointer, name, port] }],
  );
}
