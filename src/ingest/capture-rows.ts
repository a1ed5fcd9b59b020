/**
 * What a message on the wire says, as rows: `frame` for every hotlink message, and `log_event` with the kinds that the client's
 * own lines have (field guide §4), so that rules need not know where they come from. What the party sent becomes
 * its own lines (`session-new`, `accept-sending`, `send-data`), what it received `decoded-…`. Payload bytes are counted and dropped.
 */
import type { EventChunk } from '../store/append.ts';
import type { Cell } from '../store/sql.ts';
import type { Encoding } from '../protocol/message-codec.ts';
import type { HttpHead } from '../protocol/http.ts';
import { isHotlink, type FileMessage, type HotlinkMessage, type Message } from '../protocol/message.ts';
import type { Way } from './capture-conversation.ts';
import type { KindNumbers } from './compile.ts';
import { shorten } from './dictionary.ts';
import { mask } from './mask.ts';
import { LEVEL, type Dictionaries } from './scan-record.ts';
import { CAPTURE, HELLO, UPGRADED } from './templates/capture.ts';
import type { EventTemplate } from './templates/template.ts';

/** Where rows of one capture go. */
export interface CaptureTarget {
  readonly chunk: EventChunk;
  readonly kinds: KindNumbers;
  readonly dictionaries: Dictionaries;
  /** Rows of `frame`; called once per message. */
  readonly frame: (row: readonly Cell[]) => void;
}

/** The line whose bytes completed something. */
export interface CaptureLine {
  readonly lineNo: number;
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly tsUs: number;
  readonly connection: number;
}

/** Headers of the relay's answer by which it names servers for peer to peer (field guide 6.1). */
const ICE_HEADER = 'x-syft-hotlink-ice-servers';

interface Fields {
  readonly session?: string;
  readonly path?: string;
  readonly msg?: string;
  readonly type?: string;
  readonly user?: string;
  readonly to?: string;
  readonly reason?: string;
  readonly seq?: number;
  readonly bytes?: number;
}

function clean(text: string | null | undefined): string | null {
  return text == null || text === '' ? null : shorten(mask(text)).toWellFormed();
}

export class CaptureRows {
  private readonly sourceId: number;
  private readonly target: CaptureTarget;

  constructor(sourceId: number, target: CaptureTarget) {
    this.sourceId = sourceId;
    this.target = target;
  }

  /** Rows of a message; false when it gives none. */
  message(line: CaptureLine, way: Way, party: string, message: Message, encoding: Encoding): boolean {
    if (isHotlink(message)) {
      this.hotlink(line, way, party, message, encoding);
      return true;
    }
    if (message.type === 'FILE_WRITE' || message.type === 'FILE_NOTIFY') return this.file(line, way, message);
    if (message.type !== 'SYSTEM' || way === 'to_relay') return false;
    this.event(line, HELLO, { msg: message.id });
    return true;
  }

  /** The connection became a WebSocket. Servers are kept, users and passwords are not. */
  upgraded(line: CaptureLine, head: HttpHead): void {
    const ice = head.headers.get(ICE_HEADER);
    this.event(line, UPGRADED, ice === undefined ? {} : { reason: ice });
  }

  /** Access lists and markers of a run: whose channel a directory is. */
  private file(line: CaptureLine, way: Way, { type, path, length }: FileMessage): boolean {
    if (!path.includes('/_mpc/')) return false;
    this.event(line, CAPTURE[`${type} ${way}`], { path, bytes: length });
    return true;
  }

  private hotlink(line: CaptureLine, way: Way, party: string, message: HotlinkMessage, encoding: Encoding): void {
    const fields = fieldsOf(message);
    this.event(line, CAPTURE[`${message.type} ${way}`], fields);
    const { sourceId } = this;
    const isSignal = message.type === 'HOTLINK_SIGNAL';
    const where: Cell[] = [sourceId, line.lineNo, party, way, line.connection, line.tsUs, encoding];
    const what: Cell[] = [message.type, clean(fields.session), clean(fields.path), fields.seq ?? null, fields.bytes ?? null];
    const who: Cell[] = [clean(fields.user), clean(fields.to)];
    const why: Cell[] = [isSignal ? clean(message.error) : clean(fields.reason), isSignal ? clean(message.kind) : null];
    this.target.frame(where.concat(what, who, why));
  }

  private event(line: CaptureLine, template: EventTemplate, fields: Fields): void {
    const { chunk, kinds, dictionaries } = this.target;
    const { texts, paths } = dictionaries;
    const text = (value: string | undefined): number => (value === undefined ? -1 : texts.idOfText(value));
    const row = chunk.rows;
    chunk.lineNo[row] = line.lineNo;
    chunk.byteOffset[row] = line.byteOffset;
    chunk.byteLength[row] = line.byteLength;
    chunk.tsUs[row] = line.tsUs;
    chunk.level[row] = LEVEL.info;
    chunk.kindId[row] = kinds.idOf(template.kind, template.text, 'client');
    chunk.sessionId[row] = text(fields.session);
    chunk.pathId[row] = fields.path === undefined ? -1 : paths.idOfText(fields.path);
    chunk.keyId[row] = -1;
    chunk.connId[row] = -1;
    chunk.msgId[row] = text(fields.msg);
    chunk.msgType[row] = text(fields.type);
    chunk.userId[row] = text(fields.user);
    chunk.toId[row] = text(fields.to);
    chunk.reasonId[row] = text(fields.reason);
    chunk.addrId[row] = -1;
    chunk.seq[row] = fields.seq ?? NaN;
    chunk.bytes[row] = fields.bytes ?? NaN;
    chunk.n[row] = NaN;
    chunk.next();
  }
}

/** Columns of the rows; what the message does not have stays away. */
// oxlint-disable-next-line typescript/consistent-return -- the switch knows every kind
function fieldsOf(message: HotlinkMessage): Fields {
  const { session, type } = message;
  switch (message.type) {
    case 'HOTLINK_OPEN':
      return {
        session,
        type,
        path: message.path,
        ...(message.from != null && { user: message.from }),
        ...(message.to != null && { to: message.to }),
      };
    case 'HOTLINK_ACCEPT':
      return { session, type };
    case 'HOTLINK_REJECT':
    case 'HOTLINK_CLOSE':
      return { session, type, ...(message.reason != null && { reason: message.reason }) };
    case 'HOTLINK_DATA':
      return { session, type, path: message.path, seq: message.seq, bytes: message.payload?.length ?? 0 };
    case 'HOTLINK_SIGNAL':
      return { session, type, reason: message.kind };
  }
}
