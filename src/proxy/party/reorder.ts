/**
 * Puts the frames of a stream into the order of their numbers, from 1 (field guide 8.6). A missing number holds up all that follow,
 * for ever; a number that was passed already is parked for ever. As in the real client neither is told to anybody, but counted.
 */
export class Reorder<T> {
  private readonly streams = new Map<string, { next: number; parked: Map<number, T> }>();
  /** Frames whose number had been passed. */
  late = 0;

  /** Takes a frame; returns those that can be delivered now. */
  push(key: string, seq: number, frame: T): readonly T[] {
    let stream = this.streams.get(key);
    if (stream === undefined) this.streams.set(key, (stream = { next: 1, parked: new Map() }));
    if (seq < stream.next) {
      this.late++;
      return [];
    }
    stream.parked.set(seq, frame);
    const ready: T[] = [];
    for (let next = stream.parked.get(stream.next); next !== undefined; next = stream.parked.get(stream.next)) {
      ready.push(next);
      stream.parked.delete(stream.next);
      stream.next++;
    }
    return ready;
  }

  /** Frames that wait for a number. */
  get parked(): number {
    return [...this.streams.values()].reduce((sum, stream) => sum + stream.parked.size, 0);
  }
}
