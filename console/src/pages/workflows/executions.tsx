/** #/executions/details/<arn>, #/executions/start/<arn of a state machine>. */
import type { PageProps } from "../../app/routes";
import { later } from "../../ui/later";

const Execution = later(() => import("./execution"));
const Start = later(() => import("./start"));
const NotFound = later(() => import("../not_found"));

export default function Executions({ place }: PageProps) {
  const [, kind, arn] = place.parts;
  if (kind === "details" && arn) return <Execution key={arn} arn={arn} />;
  if (kind === "start" && arn) return <Start key={arn} machineArn={arn} from={place.query.get("from") ?? undefined} />;
  return <NotFound />;
}
