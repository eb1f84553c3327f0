/** Rows of two texts: hyperparameters, variables, metric definitions, tags. */
export type Pairs = readonly (readonly [string, string])[];

/** Without the rows that nobody has written in. */
export const filled = (pairs: Pairs): Pairs => pairs.filter(([name, value]) => name !== "" || value !== "");
