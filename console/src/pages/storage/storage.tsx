/** Buckets, and what is in one. */
import type { PageProps } from "../../app/routes";
import { Browser } from "./browser";
import { Buckets } from "./buckets";
import "./storage.css";

export default function Storage({ place }: PageProps) {
  const bucket = place.parts[1];
  if (!bucket) return <Buckets />;
  return <Browser key={bucket} bucket={bucket} path={place.parts.slice(2).join("/")} />;
}
