/** The seeds that every test run plays. */

/** Seeds that failed once, by a fault of the product or of the simulation itself. */
export const onceFailed: readonly number[] = [20, 39];

/** In two halves, for two files of tests: over ten years of databases, counting the days on which a backup is due. */
export const fixedBlock: readonly [readonly number[], readonly number[]] = [
  [13, 15, 18, 22, 24, 25, 34],
  [9, 16, 23, 29, 36, 40, 46, 47],
];

/** Such days in each half, at least. */
export const leastDueDays = (10 * 365) / 2;
