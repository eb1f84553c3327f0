/** Which page an address means. Each section is loaded when it is first gone to. */
import type { ReactNode } from "react";
import { later } from "../ui/later";
import type { Place } from "./router";

export interface PageProps { place: Place }
type Loaded = (props: PageProps) => ReactNode;

const Home = later(() => import("../pages/home/home"));
const Iam = later(() => import("../pages/iam/iam"));
const Storage = later(() => import("../pages/storage/storage"));
const NotFound = later(() => import("../pages/not_found"));
const StateMachines = later(() => import("../pages/workflows/state_machines"));
const Executions = later(() => import("../pages/workflows/executions"));
const Activities = later(() => import("../pages/workflows/activities"));

/** By the first part of an address. */
const ROUTES: Readonly<Record<string, Loaded>> = {
  buckets: Storage,
  roles: Iam,
  users: Iam,
  policies: Iam,
  why: Iam,
  statemachines: StateMachines,
  executions: Executions,
  activities: Activities,
  endpoints: later(() => import("../pages/endpoints/endpoints")),
  endpointconfigs: later(() => import("../pages/endpoints/configs_page")),
  jobs: later(() => import("../pages/training/training")),
  models: later(() => import("../pages/models/models")),
  notebooks: later(() => import("../pages/notebooks/notebooks")),
};

export function pageOf(place: Place): Loaded {
  const first = place.parts[0];
  if (first === undefined || first === "login") return Home;
  return ROUTES[first] ?? NotFound;
}
