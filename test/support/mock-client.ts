/** `mockClient` of aws-sdk-client-mock for unit tests, whose files share their modules: the setup ends each file's mocks. */
import * as sdkMock from 'aws-sdk-client-mock';

const mocked: { restore(): unknown }[] = [];

/** Mocks a client, or all of a class until the file's tests are over. */
export const mockClient: typeof sdkMock.mockClient = (client) => {
  const mock = sdkMock.mockClient(client);
  mocked.push(mock);
  return mock;
};

export function restoreClients(): void {
  for (const mock of mocked.splice(0)) mock.restore();
}
