import { expect, it } from 'vitest';
import { requireOneAws } from '../../cli/aws/endpoints.ts';

const local = { AWS_ENDPOINT_URL: 'https://127.0.0.1:4566' };

it.each<[string, NodeJS.ProcessEnv]>([
  ['no endpoint', { AWS_PROFILE: 'production' }],
  ['the endpoint of a VPC for one service', { AWS_ENDPOINT_URL_DYNAMODB: 'https://vpce-1.dynamodb.example' }],
  [
    'endpoints elsewhere for all services',
    { AWS_ENDPOINT_URL: 'https://proxy.example', AWS_ENDPOINT_URL_S3: 'https://s3.example' },
  ],
  ['endpoints that are ignored, none of them on this machine', { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }],
])('%s is the user’s choice', (_, environment) => {
  const before = { ...environment };
  requireOneAws(environment);
  expect(environment).toEqual(before);
});

it.each<[string, NodeJS.ProcessEnv]>([
  ['alone', local],
  ['by name', { AWS_ENDPOINT_URL: 'http://localhost:4566' }],
  ['over IPv6', { AWS_ENDPOINT_URL: 'http://[::1]:4566' }],
  ['with another stand-in for RDS', { ...local, AWS_ENDPOINT_URL_RDS: 'http://rds.localhost:5000' }],
  ['with an empty variable, which is none', { ...local, AWS_ENDPOINT_URL_S3: '' }],
])('an AWS on this machine, %s, cannot be switched off by a configuration file', (_, environment) => {
  const before = { ...environment };
  requireOneAws(environment);
  expect(environment).toEqual({ ...before, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'false' });
});

it.each([
  ['AWS_ENDPOINT_URL_DYNAMODB', 'https://dynamodb.eu-west-1.amazonaws.com'],
  ['AWS_ENDPOINT_URL_S3', 'https://localhost.example'],
  ['AWS_ENDPOINT_URL_LAMBDA', 'https://127.0.0.1.example'],
  ['AWS_ENDPOINT_URL_RDS', 'not a URL'],
  ['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS', 'true'],
])('an AWS on this machine with %s=%s is rejected', (name, value) => {
  expect(() => requireOneAws({ ...local, [name]: value })).toThrow(
    `${name}=${value} leads away from it: unset one of them`,
  );
});
