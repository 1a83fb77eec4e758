/**
 * A handler whose parts are built when it is first called: importing its file needs no environment, and a cold start
 * builds them once.
 */
export function onFirstCall<Arguments extends unknown[], Result>(
  build: () => (...args: Arguments) => Promise<Result>,
): (...args: Arguments) => Promise<Result> {
  let handle: ((...args: Arguments) => Promise<Result>) | undefined;
  return (...args) => {
    handle ??= build();
    return handle(...args);
  };
}
