/**
 * Setup of tests that read none of the user's settings for AWS and the CDK: a client that a test forgot to mock finds no
 * account, and the CDK's library keeps its cache of fingerprints in a home folder of its own.
 */
import { join } from 'node:path';
import { removeAwsSettings } from '../../local/aws/environment.ts';

removeAwsSettings();
for (const name of Object.keys(process.env)) if (name.startsWith('CDK_')) delete process.env[name];
process.env.HOME = join(import.meta.dirname, '../../.local/home');
