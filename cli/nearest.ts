import { closestMatch } from 'leven';

/** ` Did you mean "acme"?`, or nothing where no name is near. */
export function didYouMean(name: string, names: readonly string[]): string {
  const near = closestMatch(name, [...names], { maxDistance: Math.max(2, Math.floor(name.length / 3)) });
  return near === undefined ? '' : ` Did you mean "${near}"?`;
}
