/** What the Amazon States Language lets one write at a place in a definition. */
import { RESOURCES, type Resource } from "./operations";
import { spotAt, treeAt, treeOf, type Spot, type Tree } from "./scan";

export interface Proposal {
  /** As it is shown. */
  readonly label: string;
  readonly about?: string;
  /** What takes the place of `Proposals.from … to`. */
  readonly insert: string;
}

export interface Proposals { readonly from: number; readonly to: number; readonly options: readonly Proposal[] }

const PATHS = ["InputPath", "OutputPath"];
const COMMON = ["Type", "Comment", "QueryLanguage"];
const ENDINGS = ["Next", "End"];
const RESULT = ["Parameters", "ResultSelector", "ResultPath"];
const ERRORS = ["Retry", "Catch"];
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  Pass: [...PATHS, "Result", "Parameters", "ResultPath", ...ENDINGS],
  Task: ["Resource", ...PATHS, ...RESULT, "TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath", "Credentials", ...ERRORS, ...ENDINGS],
  Choice: [...PATHS, "Choices", "Default"],
  Wait: ["Seconds", "SecondsPath", "Timestamp", "TimestampPath", ...PATHS, ...ENDINGS],
  Succeed: PATHS,
  Fail: ["Error", "ErrorPath", "Cause", "CausePath"],
  Parallel: ["Branches", ...PATHS, ...RESULT, ...ERRORS, ...ENDINGS],
  Map: ["ItemProcessor", "ItemsPath", "ItemSelector", "MaxConcurrency", "MaxConcurrencyPath", ...PATHS, ...RESULT, ...ERRORS, ...ENDINGS],
};
const TYPES = Object.keys(FIELDS);
const FLOW = ["StartAt", "States", "Comment"];
const MACHINE = [...FLOW, "TimeoutSeconds", "Version", "QueryLanguage"];
const PROCESSOR = [...FLOW, "ProcessorConfig"];
const RETRIER = ["ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy", "Comment"];
const CATCHER = ["ErrorEquals", "Next", "ResultPath", "Comment"];
const ORDERED = ["Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"];
const COMPARISONS = [
  ...["String", "Numeric", "Timestamp"].flatMap((type) => ORDERED.flatMap((way) => [`${type}${way}`, `${type}${way}Path`])),
  "BooleanEquals", "BooleanEqualsPath", "StringMatches", "IsNull", "IsPresent", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp",
];
const RULE = ["Variable", ...COMPARISONS, "And", "Or", "Not", "Next", "Comment"];
const ERROR_NAMES = [
  "States.ALL", "States.TaskFailed", "States.Timeout", "States.HeartbeatTimeout", "States.Permissions", "States.ResultPathMatchFailure",
  "States.ParameterPathFailure", "States.BranchFailed", "States.NoChoiceMatched", "States.IntrinsicFailure",
  "SageMaker.AmazonSageMakerException", "SageMaker.ResourceLimitExceededException",
];

/** What a field's value begins as. */
const BEGINNINGS: Readonly<Record<string, string>> = {
  States: "{}", Parameters: "{}", ResultSelector: "{}", ItemSelector: "{}", Credentials: "{}", ItemProcessor: "{}", ProcessorConfig: "{}", Not: "{}",
  Choices: "[]", Branches: "[]", Retry: "[]", Catch: "[]", And: "[]", Or: "[]", ErrorEquals: "[]",
  End: "true", TimeoutSeconds: "60", HeartbeatSeconds: "30", Seconds: "10",
  IntervalSeconds: "1", MaxAttempts: "3", BackoffRate: "2", MaxDelaySeconds: "60", MaxConcurrency: "0", Result: "{}",
};

const last = (path: Spot["path"], back = 1) => path[path.length - back];

function typeOf(tree: Tree | undefined, path: Spot["path"]): string | undefined {
  return treeAt(tree, [...path, "Type"])?.text;
}

/** The fields of the object that a path leads to; empty where the language says nothing. */
function fieldsAt(tree: Tree | undefined, path: Spot["path"]): readonly string[] {
  if (path.length === 0) return MACHINE;
  const [name, before] = [last(path), last(path, 2)];
  if (before === "States" && isLanguage(path.slice(0, -2))) return [...COMMON, ...(FIELDS[typeOf(tree, path) ?? ""] ?? ENDINGS)];
  if (!isLanguage(path)) return [];
  if (name === "ItemProcessor" || name === "Iterator") return PROCESSOR;
  if (name === "ProcessorConfig") return ["Mode"];
  if (name === "Credentials") return ["RoleArn", "RoleArn.$"];
  if (name === "Not") return RULE;
  if (typeof name !== "number") return [];
  if (before === "Branches") return FLOW;
  if (before === "Retry") return RETRIER;
  if (before === "Catch") return CATCHER;
  return before === "Choices" || before === "And" || before === "Or" ? RULE : [];
}

/** Whether a path stays in the language: what is inside of Parameters, Result and the like is the author's own. */
function isLanguage(path: Spot["path"]): boolean {
  return !path.some((step, index) => typeof step === "string" && path[index - 1] !== "States" && /^(Parameters|Result|ResultSelector|ItemSelector)$/.test(step));
}

/** The path of the flow (machine, branch, processor) that holds a place. */
function flowOf(path: Spot["path"]): Spot["path"] {
  for (let at = path.length - 1; at >= 0; --at) {
    if (path[at] === "States" && path[at - 1] !== "States") return path.slice(0, at);
  }
  return path;
}

const stateNames = (tree: Tree | undefined, flow: Spot["path"]) => treeAt(tree, [...flow, "States"])?.members.map((member) => member.key) ?? [];

function valuesAt(tree: Tree | undefined, { path, key }: Spot, resources: readonly Resource[]): readonly { value: string; about?: string }[] {
  const plain = (values: readonly string[]) => values.map((value) => ({ value }));
  if (!isLanguage(path)) return [];
  if (key === "StartAt") return plain(stateNames(tree, path));
  if (key === "Next" || key === "Default") return plain(stateNames(tree, flowOf(path)).filter((name) => name !== stateOf(path)));
  if (key === "Type") return plain(TYPES);
  if (key === "Resource") return resources.map(({ arn, about }) => ({ value: arn, about }));
  if (key === "JitterStrategy") return plain(["FULL", "NONE"]);
  if (key === "QueryLanguage") return plain(["JSONPath"]);
  if (key === "Version") return plain(["1.0"]);
  if (key === "Mode") return plain(["INLINE"]);
  return key === undefined && last(path) === "ErrorEquals" ? plain(ERROR_NAMES) : [];
}

/** The state that a place lies in. */
function stateOf(path: Spot["path"]): string | number | undefined {
  return path[flowOf(path).length + 1];
}

/** What fits at a cursor; null where nothing does. `activities`: their ARNs. */
export function proposalsAt(text: string, at: number, activities: readonly string[] = []): Proposals | null {
  const spot = spotAt(text, at);
  const tree = treeOf(text);
  if (spot.kind === "key") {
    const there = new Set(treeAt(tree, spot.path)?.members.filter((member) => member.keyFrom !== spot.from).map((member) => member.key));
    const fields = fieldsAt(tree, spot.path).filter((name) => !there.has(name));
    const options = fields.map((label) => ({ label, insert: `"${label}"${spot.colon ? "" : `: ${BEGINNINGS[label] ?? '""'}`}` }));
    return options.length > 0 ? { from: spot.from, to: spot.to, options } : null;
  }
  // In arrays a path leads to the item; what counts for an array of names is the array's own.
  const inArray = spot.key === undefined;
  const within = inArray ? { ...spot, path: arrayPath(text, at, spot) } : spot;
  const resources = [...RESOURCES, ...activities.map((arn) => ({ arn, about: "activity" }))];
  const values = spot.key === "End" ? [{ value: "true", about: "" }] : valuesAt(tree, within, resources);
  const options = values.map(({ value, about }) => ({ label: value, insert: spot.key === "End" ? value : JSON.stringify(value), ...(about ? { about } : {}) }));
  return options.length > 0 ? { from: spot.from, to: spot.to, options } : null;
}

/** Of a value inside of an array: the key of the array, found where its bracket stands. */
function arrayPath(text: string, at: number, spot: Spot): Spot["path"] {
  const bracket = text.lastIndexOf("[", at - 1);
  if (bracket < 0) return spot.path;
  const outer = spotAt(text, bracket);
  return outer.key === undefined ? spot.path : [...outer.path, outer.key];
}
