/** What a check throws when it found something: one line each. */
export class Problems extends Error {
  constructor(lines) {
    super(lines.join("\n"));
    this.name = "Problems";
  }
}
