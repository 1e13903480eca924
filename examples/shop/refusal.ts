/** Why the command can't do what it is told: a message for people, and the code that it ends with. */

export class Refusal extends Error {
  constructor(
    message: string,
    readonly code: 1 | 2,
  ) {
    super(message)
  }
}
