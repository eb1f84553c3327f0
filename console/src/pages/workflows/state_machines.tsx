/** #/statemachines, #/statemachines/view/<arn>, /create, /edit/<arn>. */
import type { PageProps } from "../../app/routes";
import { later } from "../../ui/later";

const Machines = later(() => import("./machines"));
const Machine = later(() => import("./machine"));
const Editor = later(() => import("./editor"));
const NotFound = later(() => import("../not_found"));

export default function StateMachines({ place }: PageProps) {
  const [, kind, arn] = place.parts;
  if (kind === undefined) return <Machines />;
  if (kind === "view" && arn) return <Machine key={arn} arn={arn} />;
  if (kind === "create") return <Editor key="new" />;
  if (kind === "edit" && arn) return <Editor key={arn} arn={arn} />;
  return <NotFound />;
}
