/**
 * Parts of the page that are loaded when they are first shown. Not React's lazy: a Suspense boundary
 * that has shown its fallback keeps it for 300 ms, and one inside the next adds up.
 */
import { useEffect, useState, type ComponentType, type ReactNode } from "react";
import { Skeleton } from "./controls";
import { orReplaced } from "./problem";

export function later<P extends object>(
  load: () => Promise<{ default: ComponentType<P> }>,
  fallback: ReactNode | ((props: P) => ReactNode) = <Skeleton lines={6} />,
): (props: P) => ReactNode {
  let loaded: ComponentType<P> | undefined;
  return function Later(props: P) {
    const [Part, setPart] = useState(() => loaded);
    const [error, setError] = useState<unknown>();
    useEffect(() => {
      if (Part) return;
      orReplaced(load()).then((found) => {
        loaded = found.default;
        setPart(() => found.default);
      }, setError);
    }, [Part]);
    if (error !== undefined) throw error; // for the boundary around the page
    if (Part) return <Part {...props} />;
    return typeof fallback === "function" ? fallback(props) : fallback;
  };
}
