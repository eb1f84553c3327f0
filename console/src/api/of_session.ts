/** What is remembered of answers that one principal got: the next one may not be meant to see it. */
interface Cache { clear(): void }

const caches = new Set<Cache>();

/** `cache`, which is emptied from now on whenever the session becomes another one. */
export function ofSession<C extends Cache>(cache: C): C {
  caches.add(cache);
  return cache;
}

export function forgetSession(): void {
  caches.forEach((cache) => cache.clear());
}
