/** A notebook instance: what can be done with it, and how it is made. Pure. */
import type { CreateNotebookInstanceInput, NotebookInstanceStatus } from "@types-of/sagemaker";

export const STATUSES: readonly NotebookInstanceStatus[] = ["InService", "Pending", "Stopping", "Stopped", "Failed", "Updating", "Deleting"];

export type Act = "open" | "stop" | "start" | "delete";

/** As the service allows it; what is on its way to something else is left alone until it is there. */
export function actsOn(status: NotebookInstanceStatus | undefined): readonly Act[] {
  if (status === "InService") return ["open", "stop"];
  return status === "Stopped" || status === "Failed" ? ["start", "delete"] : [];
}

export interface NotebookForm { name: string; type: string; role: string; volume: string }

export const EMPTY_NOTEBOOK: NotebookForm = { name: "", type: "ml.t3.medium", role: "", volume: "5" };

/** A volume that is no number is left to the service's own default. */
export function requestOfNotebook({ name, type, role, volume }: NotebookForm): CreateNotebookInstanceInput {
  return { NotebookInstanceName: name, InstanceType: type as never, RoleArn: role, ...(Number(volume) > 0 ? { VolumeSizeInGB: Number(volume) } : {}) };
}
