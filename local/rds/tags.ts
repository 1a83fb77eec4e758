import { invalidParameterValue } from './faults.ts';

export type Tags = Readonly<Record<string, string>>;

/** What keys and values may be made of (API reference of RDS, "Tag"; the quota of 50: "Quotas for Amazon RDS"). */
const characters = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const longestKey = 128;
const longestValue = 256;
const mostTags = 50;

/** Answers with the tags, or throws the fault with which RDS refuses them. A value may be empty, a key may not. */
export function acceptedTags(tags: Tags): Tags {
  const entries = Object.entries(tags);
  if (entries.length > mostTags)
    throw invalidParameterValue(`A resource has at most ${mostTags} tags, not ${entries.length}`);
  for (const [key, value] of entries) {
    if (key === '') throw invalidParameterValue('The key of a tag must not be empty');
    refuse('key', key, longestKey);
    refuse('value', value, longestValue);
  }
  return tags;
}

function refuse(what: 'key' | 'value', text: string, longest: number): void {
  const length = [...text].length;
  if (length > longest)
    throw invalidParameterValue(`The ${what} of a tag has at most ${longest} characters, not ${length}`);
  if (/^(aws|rds):/i.test(text))
    throw invalidParameterValue(`The ${what} of a tag must not begin with aws: or rds:: ${text}`);
  if (!characters.test(text)) {
    throw invalidParameterValue(`The ${what} of a tag has only letters, digits, spaces and _ . : / = + - @: ${text}`);
  }
}
