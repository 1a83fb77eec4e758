import { renderVerdicts } from '../../test/scenarios/render.ts';
import type { Generator } from '../generate.ts';

/** The scenario table of the tests, for people. */
export const verdictsPage: Generator = { file: 'docs/verdicts.md', content: () => renderVerdicts() };
