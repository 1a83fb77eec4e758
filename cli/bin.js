#!/usr/bin/env node
// Plain JavaScript, so that the command line runs in a clone without a build step: tsx reads the rest.
import { register } from 'tsx/esm/api';

// The SDK's warning about Node 20 would stand in front of every answer.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
const unregister = register();
const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
await unregister();
