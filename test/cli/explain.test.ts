import { describe, expect, it } from 'vitest';
import { explain, sentence } from '../../cli/aws/explain.ts';

const failure = (name: string, message: string, more: object = {}) =>
  Object.assign(new Error(message), { name, ...more });

const saidOf = (error: unknown) => {
  const known = explain(error);
  return known && sentence(known);
};

describe('errors of AWS', () => {
  it.each([
    [
      failure('CredentialsProviderError', 'Could not load credentials from any providers'),
      'No AWS credentials were found',
    ],
    [failure('Error', 'Region is missing'), 'No AWS Region is set'],
    [failure('ExpiredTokenException', 'The security token included in the request is expired'), 'have expired'],
    [failure('UnrecognizedClientException', 'The security token is invalid'), 'does not accept the credentials'],
    [failure('Error', 'self-signed certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'NODE_EXTRA_CA_CERTS'],
    [failure('Error', 'connect ECONNREFUSED 127.0.0.1:1', { code: 'ECONNREFUSED' }), 'AWS does not respond'],
    [
      new AggregateError([failure('Error', 'connect ECONNREFUSED ::1:1', { code: 'ECONNREFUSED' })]),
      'AWS does not respond',
    ],
    [failure('ResourceNotFoundException', 'no such table'), 'deploy the stack again'],
    [failure('ThrottlingException', 'Rate exceeded'), 'try again in a moment'],
  ])('become a sentence: %s', (error, words) => {
    const said = saidOf(error);
    expect(said).toContain(words);
    expect(said).not.toContain('\n');
  });

  it('name the right that is missing, on what, and who lacks it', () => {
    const message =
      'User: arn:aws:sts::1:assumed-role/ops/ann is not authorized to perform: dynamodb:Query on resource: arn:aws:dynamodb:eu-west-1:1:table/ledger because no identity-based policy allows the dynamodb:Query action';
    expect(saidOf(failure('AccessDeniedException', message))).toBe(
      'The right dynamodb:Query on arn:aws:dynamodb:eu-west-1:1:table/ledger is missing for arn:aws:sts::1:assumed-role/ops/ann: ask for it, or choose another profile.',
    );
  });

  it('are left alone where nobody foresaw them', () => {
    expect(explain(new TypeError('x is not a function'))).toBeUndefined();
    expect(explain('text')).toBeUndefined();
  });
});
