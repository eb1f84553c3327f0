const RETRY_MS = [300, 1000, 2000, 5000];

/** How long to wait before the next try, after so many that failed one after the other. */
export const retryMs = (failures: number): number => RETRY_MS[Math.min(failures, RETRY_MS.length) - 1] ?? 0;
