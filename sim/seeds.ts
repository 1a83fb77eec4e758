/** The seeds that `npm test` plays. */

/** Seeds that failed once. */
export const onceFailed: readonly number[] = [9, 14, 26, 41, 795_726_211, 795_730_283];

/** Over ten years of databases, counting the days on which a backup is due. */
export const fixedBlock: readonly number[] = [7, 15, 16, 18, 20, 23, 27, 31, 38, 42, 45, 48];

export const leastDueYears = 10;
