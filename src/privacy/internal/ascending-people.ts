/** Sees to it that every person is added to a sum once, without keeping a list of who was. Used by the sums of this room. */

export class AscendingPeople {
  #last = '';
  #count = 0;

  /** Throws RangeError unless the id comes after the one before, and unless `amountMax` each still adds up to an exact double. */
  next(personId: string, amountMax: number): void {
    if (personId <= this.#last) throw new RangeError('people are added once each, by ascending id');
    this.#last = personId;
    if (++this.#count * amountMax > Number.MAX_SAFE_INTEGER) throw new RangeError('too many people for exact sums');
  }
}
