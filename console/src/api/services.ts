/** The services' operations, by the daemon's own names for services. Types only. */
import type { Operations as Events } from "@types-of/events";
import type { Operations as Iam } from "@types-of/iam";
import type { Operations as Logs } from "@types-of/logs";
import type { Operations as Monitoring } from "@types-of/monitoring";
import type { Operations as Runtime } from "@types-of/runtime";
import type { Operations as S3 } from "@types-of/s3";
import type { Operations as SageMaker } from "@types-of/sagemaker";
import type { Operations as States } from "@types-of/states";
import type { Operations as Sts } from "@types-of/sts";

export interface Services {
  events: Events;
  iam: Iam;
  logs: Logs;
  monitoring: Monitoring;
  runtime: Runtime;
  s3: S3;
  sagemaker: SageMaker;
  states: States;
  sts: Sts;
}

export type ServiceName = keyof Services;
export type OperationName<S extends ServiceName> = keyof Services[S] & string;
export type Input<S extends ServiceName, O extends OperationName<S>> =
  Services[S][O] extends { input: infer I } ? I : never;
export type Output<S extends ServiceName, O extends OperationName<S>> =
  Services[S][O] extends { output: infer T } ? T : never;
