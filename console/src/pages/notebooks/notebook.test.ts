import { expect, test } from "vitest";
import { actsOn, EMPTY_NOTEBOOK, requestOfNotebook, STATUSES } from "./notebook";

test("what can be done is what the service allows", () => {
  expect(Object.fromEntries(STATUSES.map((status) => [status, actsOn(status).join(" ")]))).toEqual({
    InService: "open stop", Stopped: "start delete", Failed: "start delete", Pending: "", Stopping: "", Updating: "", Deleting: "",
  });
  expect(actsOn(undefined)).toEqual([]);
});

test.each([["20", { VolumeSizeInGB: 20 }], ["", {}], ["0", {}], ["x", {}]])("the request with a volume of %j", (volume, told) => {
  expect(requestOfNotebook({ ...EMPTY_NOTEBOOK, name: "lab", role: "arn:role", volume }))
    .toEqual({ NotebookInstanceName: "lab", InstanceType: "ml.t3.medium", RoleArn: "arn:role", ...told });
});
