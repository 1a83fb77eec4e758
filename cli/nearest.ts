import { closestMatch } from 'leven';

/** The longest names of databases, snapshots and tenants are shorter. */
const longestName = 255;

/** ` Did you mean "acme"?`, or nothing where no name is near. */
export function didYouMean(name: string, names: readonly string[]): string {
  if (name.length > longestName) return '';
  const near = closestMatch(name, [...names], { maxDistance: Math.max(2, Math.floor(name.length / 3)) });
  return near === undefined ? '' : ` Did you mean "${near}"?`;
}
