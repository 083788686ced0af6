/** Work on the same things goes one after the other, in the order in which it was asked for; the rest at once. */
export class Turns {
  private readonly last = new Map<string, Promise<unknown>>()

  /** Does the work as soon as all that was asked for before of these things is over, well or badly. */
  take<T>(things: readonly string[], work: () => Promise<T>): Promise<T> {
    const before = new Set(things.flatMap(thing => this.last.get(thing) ?? []))
    const turn = Promise.allSettled(before).then(work)
    for (const thing of things) this.last.set(thing, turn)
    const end = () => {
      for (const thing of things) if (this.last.get(thing) === turn) this.last.delete(thing)
    }
    turn.then(end, end)
    return turn
  }
}
