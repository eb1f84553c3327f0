/** Which page an address means. Each section is loaded when it is first gone to. */
import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import type { Place } from "./router";

export interface PageProps { place: Place }
type Loaded = LazyExoticComponent<ComponentType<PageProps>>;

const Home = lazy(() => import("../pages/home/home"));
const NotFound = lazy(() => import("../pages/not_found"));

/** By the first part of an address. */
const ROUTES: Readonly<Record<string, Loaded>> = {
  endpoints: lazy(() => import("../pages/endpoints/endpoints")),
  jobs: lazy(() => import("../pages/training/training")),
  models: lazy(() => import("../pages/models/models")),
};

export function pageOf(place: Place): Loaded {
  const first = place.parts[0];
  if (first === undefined || first === "login") return Home;
  return ROUTES[first] ?? NotFound;
}
