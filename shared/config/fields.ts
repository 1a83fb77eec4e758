/** Fields that tags have in common with the file: reading tags needs none of the file's schema. */
import * as z from 'zod';
import { textLike } from '../lib/text-field.ts';

export const hours = (min: number, max: number) =>
  z
    .number()
    .min(min, { error: `must be at least ${min}` })
    .max(max, { error: `must be at most ${max}` });

export const maxAgeHoursField = hours(1, 8760);

/** Tenant ids stand in message attributes, filter policies, S3 prefixes and terminals: nothing there needs escaping. */
export const tenantIdField = textLike(
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
  'must be 1-63 letters, digits, dots, underscores and hyphens, and begin with a letter or digit',
);
