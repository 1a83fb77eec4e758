/** The policies of `docs/copies.md` for one tenant's auditor, as they are printed there. */
import { readFileSync } from 'node:fs';

const page = readFileSync(new URL('../../docs/copies.md', import.meta.url), 'utf8');
const [section = ''] = page.slice(page.indexOf("### One tenant's auditor")).split('\n## ');

/** Of the bucket, and of the key: JSON with placeholders. */
export const [auditorsPolicy = '', auditorsKeyStatement = ''] = [...section.matchAll(/```json\n(.*?)```/gs)].map(
  ([, json = '']) => json,
);

/** The same for a schema: what the page says to write in place of `/acme/*`. */
export const auditorsPolicyForSchema = auditorsPolicy.replaceAll('/acme/*', '/app/acme.*');
