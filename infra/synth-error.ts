/** A stack that cannot be built from this configuration or in this place; the message says what is wrong and the cure. */
export class SynthError extends Error {
  override name = 'SynthError';
}
