/** #/executions/details/<arn>, #/executions/start/<arn of a state machine>. */
import { lazy } from "react";
import type { PageProps } from "../../app/routes";

const Execution = lazy(() => import("./execution"));
const Start = lazy(() => import("./start"));
const NotFound = lazy(() => import("../not_found"));

export default function Executions({ place }: PageProps) {
  const [, kind, arn] = place.parts;
  if (kind === "details" && arn) return <Execution key={arn} arn={arn} />;
  if (kind === "start" && arn) return <Start key={arn} machineArn={arn} from={place.query.get("from") ?? undefined} />;
  return <NotFound />;
}
