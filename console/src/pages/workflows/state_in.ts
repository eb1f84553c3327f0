/** A state's own fields, wherever in the definition it is. */
export function stateIn(definition: unknown, name: string): unknown {
  if (typeof definition !== "object" || definition === null) return undefined;
  const { States, Branches, ItemProcessor, Iterator } = definition as Record<string, unknown>;
  if (typeof States === "object" && States !== null) {
    const own = (States as Record<string, unknown>)[name];
    if (own !== undefined) return own;
    for (const state of Object.values(States)) {
      const found = stateIn(state, name);
      if (found !== undefined) return found;
    }
  }
  for (const inside of [...(Array.isArray(Branches) ? Branches : []), ItemProcessor, Iterator]) {
    const found = stateIn(inside, name);
    if (found !== undefined) return found;
  }
  return undefined;
}
