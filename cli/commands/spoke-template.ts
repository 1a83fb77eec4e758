import { printableJson } from '../../shared/lib/safe-text.ts';
import { answer, command } from '../command.ts';
import { writeText } from '../files.ts';

export const spokeTemplateCommand = command({
  details:
    'One CloudFormation template, in JSON, for any account and Region: it has no assets, and needs no account that is bootstrapped for the CDK. Its parameters are HubAccount, HubRegion and ForwardEvents ("yes" or "no"). Environments that are rolled out by it are watched; copies take a key and buckets, which "cdk deploy" makes. It needs no AWS.',
  options: [{ flags: '--out <file>', description: 'write the template there (default: print it)' }],
  examples: ['spoke-template --out spoke.json'],
  json: {
    is: 'object',
    fields: { template: 'the template', file: 'where it was written, or null' },
  },
  run: async (_, args) => {
    // Here, since the CDK takes a second to load.
    const { spokeTemplate } = await import('../../infra/spoke-template.ts');
    const template = spokeTemplate();
    const file = args.optional('out') ?? null;
    const text = `${printableJson(template, 2)}\n`;
    if (file !== null) await writeText(file, text);
    return answer({ template, file }, (screen) => {
      if (file === null) void screen.raw(text);
      else screen.line(`Written: ${file}`);
    });
  },
});
