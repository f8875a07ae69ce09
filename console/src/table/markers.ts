/**
 * Where each page of a list begins, as far as it is known. Lists are read by markers, each page saying where
 * the next begins; so a page further on is reached by walking there.
 */
export class Markers {
  readonly #begins = new Map<number, string | null>([[1, null]]);
  #end: number | null = null;

  /** Keeps what the answer for `page` said: where the next begins, or that there is none. */
  learn(page: number, marker: string | null, next: string | null | undefined) {
    this.#begins.set(page, marker);
    if (next) {
      this.#begins.set(page + 1, next);
      if (this.#end !== null && this.#end <= page) this.#end = null;
    } else this.#end = page;
  }

  knows(page: number): boolean {
    return this.#begins.has(page);
  }

  begin(page: number): string | null {
    return this.#begins.get(page) ?? null;
  }

  /** The last page that was seen to exist. */
  get pages(): number {
    return this.#end ?? Math.max(...this.#begins.keys());
  }

  /** Whether more pages may follow. */
  get isOpen(): boolean {
    return this.#end === null;
  }

  /** Walks to a page: asks for page after page from the nearest known one. Ends early where the list ends. */
  async walk(
    page: number,
    next: (marker: string | null) => Promise<string | null | undefined>,
  ): Promise<number> {
    let at = page;
    while (at > 1 && !this.knows(at)) at -= 1;
    while (at < page) {
      const marker = this.begin(at);
      this.learn(at, marker, await next(marker));
      if (!this.knows(at + 1)) return at;
      at += 1;
    }
    return at;
  }
}
