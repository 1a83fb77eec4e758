/** The script of the report's page: written in TypeScript, carried as text, so that a function needs no bundler to write a page. */
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Generator } from '../generate.ts';
import { formatted } from './configuration.ts';

const file = 'shared/report/page-script.ts';

export const reportScript: Generator = {
  file,
  content: async () => {
    const result = await build({
      entryPoints: [join(import.meta.dirname, '../../shared/report/browser/interaction.ts')],
      bundle: true,
      minify: true,
      format: 'iife',
      target: 'es2022',
      charset: 'ascii',
      write: false,
      logLevel: 'silent',
    });
    const script = result.outputFiles[0]?.text.trim() ?? '';
    const trap = /<\/script|<!--/i.exec(script);
    if (trap) throw new Error(`the script of the page holds "${trap[0]}", which a browser reads as markup`);
    return formatted(
      file,
      `/** Made by \`npm run generate\` from shared/report/browser/interaction.ts: change that, not this. */\nexport const pageScript =\n  // biome-ignore lint/suspicious/noTemplateCurlyInString: the templates are the script's own\n  ${JSON.stringify(script)};\n`,
    );
  },
};
