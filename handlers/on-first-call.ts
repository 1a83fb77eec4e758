/**
 * A handler whose parts are built when it is first called: importing its file needs no environment, and a cold start
 * builds them once. The stacks of its errors name the sources.
 */
export function onFirstCall<Arguments extends unknown[], Result>(
  build: () => (...args: Arguments) => Promise<Result>,
): (...args: Arguments) => Promise<Result> {
  let handle: ((...args: Arguments) => Promise<Result>) | undefined;
  return async (...args) => {
    try {
      handle ??= build();
      return await handle(...args);
    } catch (error) {
      const { mapStack } = await import('./stack-trace.ts');
      mapStack(error);
      throw error;
    }
  };
}
