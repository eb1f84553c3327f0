/** Which page an address means. Each section is loaded when it is first gone to. */
import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import type { Place } from "./router";

export interface PageProps { place: Place }
type Loaded = LazyExoticComponent<ComponentType<PageProps>>;

const Home = lazy(() => import("../pages/home/home"));
const Iam = lazy(() => import("../pages/iam/iam"));
const Storage = lazy(() => import("../pages/storage/storage"));
const NotFound = lazy(() => import("../pages/not_found"));
const StateMachines = lazy(() => import("../pages/workflows/state_machines"));
const Executions = lazy(() => import("../pages/workflows/executions"));
const Activities = lazy(() => import("../pages/workflows/activities"));

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
  endpoints: lazy(() => import("../pages/endpoints/endpoints")),
  jobs: lazy(() => import("../pages/training/training")),
  models: lazy(() => import("../pages/models/models")),
};

export function pageOf(place: Place): Loaded {
  const first = place.parts[0];
  if (first === undefined || first === "login") return Home;
  return ROUTES[first] ?? NotFound;
}
