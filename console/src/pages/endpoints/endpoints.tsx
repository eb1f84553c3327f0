/** #/endpoints, #/endpoints/<name>, #/endpoints/create?model=<name>. */
import { lazy } from "react";
import type { PageProps } from "../../app/routes";
import { EndpointPage } from "./endpoint_page";
import { EndpointList } from "./list_page";
import "./endpoints.css";

const CreateEndpoint = lazy(() => import("./create_page"));

export default function Endpoints({ place: { parts, query } }: PageProps) {
  const name = parts[1];
  if (!name) return <EndpointList />;
  if (name === "create") return <CreateEndpoint key={query.get("model")} model={query.get("model") ?? undefined} />;
  return <EndpointPage key={name} name={name} />;
}
