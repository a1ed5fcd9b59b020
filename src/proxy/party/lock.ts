/** Locks of the first versions of the client, first come first served (field guide 8.6, F-8). */

/** Many may hold it together, or one alone; who waits to be alone holds up those that come later. */
export class SharedLock {
  private readonly waiting: { readonly alone: boolean; readonly go: () => void }[] = [];
  private together = 0;
  private isAlone = false;

  async shared<T>(act: () => Promise<T>): Promise<T> {
    return this.hold(false, act);
  }

  async alone<T>(act: () => Promise<T> | T): Promise<T> {
    return this.hold(true, act);
  }

  private async hold<T>(alone: boolean, act: () => Promise<T> | T): Promise<T> {
    await new Promise<void>((go) => {
      this.waiting.push({ alone, go });
      this.admit();
    });
    try {
      return await act();
    } finally {
      if (alone) this.isAlone = false;
      else this.together--;
      this.admit();
    }
  }

  private admit(): void {
    for (let next = this.waiting[0]; next !== undefined && !this.isAlone; next = this.waiting[0]) {
      if (next.alone && this.together > 0) return;
      this.waiting.shift();
      if (next.alone) this.isAlone = true;
      else this.together++;
      next.go();
    }
  }
}
