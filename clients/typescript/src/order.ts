// Each event once, and none left out.
import { Defect } from "./errors.js";

/** How many ids are remembered where there are no sequences to go by. */
const MOST_IDS = 1_000;

export class Order {
  readonly #isDense: boolean;
  #last: bigint | undefined;
  readonly #ids = new Set<string>();

  /** Of all events, each sequence follows the one before; of some, it is only larger. */
  constructor(isDense: boolean) {
    this.#isDense = isDense;
  }

  /** Whether this event is new. */
  isNew(event: { readonly id?: string; readonly sequence?: string }): boolean {
    if (event.sequence === undefined) return event.id === undefined || this.#remember(event.id);
    const sequence = BigInt(event.sequence);
    const last = this.#last;
    if (last !== undefined && sequence <= last) return false;
    if (this.#isDense && last !== undefined && sequence !== last + 1n) {
      throw new Defect(`event ${sequence} came after ${last}: there is one missing`);
    }
    this.#last = sequence;
    return true;
  }

  #remember(id: string): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    for (const oldest of this.#ids) {
      if (this.#ids.size <= MOST_IDS) break;
      this.#ids.delete(oldest);
    }
    return true;
  }
}
