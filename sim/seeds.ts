/** The seeds that every test run plays. */

/** Seeds that failed once, each with a fault of the product or of the simulation itself. */
export const onceFailed: readonly number[] = [5, 20, 22, 39];

/** Over ten years of databases, counting the days on which a backup is due. */
export const fixedBlock: readonly number[] = [9, 13, 15, 16, 18, 23, 25, 29, 36, 38, 40];
