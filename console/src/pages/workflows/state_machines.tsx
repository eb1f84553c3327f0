/** #/statemachines, #/statemachines/view/<arn>, /create, /edit/<arn>. */
import { lazy } from "react";
import type { PageProps } from "../../app/routes";

const Machines = lazy(() => import("./machines"));
const Machine = lazy(() => import("./machine"));
const Editor = lazy(() => import("./editor"));
const NotFound = lazy(() => import("../not_found"));

export default function StateMachines({ place }: PageProps) {
  const [, kind, arn] = place.parts;
  if (kind === undefined) return <Machines />;
  if (kind === "view" && arn) return <Machine key={arn} arn={arn} />;
  if (kind === "create") return <Editor key="new" />;
  if (kind === "edit" && arn) return <Editor key={arn} arn={arn} />;
  return <NotFound />;
}
