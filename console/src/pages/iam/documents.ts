/** Policy documents: as IAM sends them, as they are written, and where their statements stand. */
import { reprint } from "../../lib/json";

/** IAM sends documents URL-encoded (RFC 3986); shown as JSON on lines of its own when it came on one. */
export function decodedDocument(encoded: string | undefined): string {
  if (encoded === undefined) return "";
  let text = encoded;
  try {
    text = decodeURIComponent(encoded);
  } catch {
    // was not encoded
  }
  return text;
}

/** What is wrong with the text as JSON, or undefined. What IAM makes of it, IAM says. */
export function wrongJson(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? undefined : "A document is an object: { … }.";
  } catch (error) {
    return (error as Error).message;
  }
}

export interface Place { Line?: number | undefined; Column?: number | undefined }

/** The part of a text between two places (lines and columns from 1), without the space around it. */
export function part(text: string, start: Place, end: Place): { from: number; to: number } {
  const lines = text.split("\n");
  // Columns count characters; indexes of JavaScript's strings count UTF-16 units.
  const offset = ({ Line = 1, Column = 1 }: Place) => {
    const before = lines.slice(0, Line - 1).reduce((sum, line) => sum + line.length + 1, 0);
    return before + [...(lines[Line - 1] ?? "")].slice(0, Column - 1).join("").length;
  };
  let [from, to] = [offset(start), offset(end)];
  while (from < to && /\s/.test(text[from]!)) from += 1;
  while (to > from && /\s/.test(text[to - 1]!)) to -= 1;
  return { from, to };
}

const document = (...statements: object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements }, null, 2);

export function trustOf(principal: object): string {
  return document({ Effect: "Allow", Principal: principal, Action: "sts:AssumeRole" });
}

/** What a new inline policy can begin with. */
export const STARTS: readonly { title: string; name: string; text: string }[] = [
  { title: "An empty statement", name: "", text: document({ Effect: "Allow", Action: [], Resource: "*" }) },
  {
    title: "Workflows that train and deploy with SageMaker",
    name: "StepFunctionsWorkflowExecutionPolicy",
    text: document(
      {
        Effect: "Allow",
        Action: [
          "sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob",
          "sagemaker:CreateModel", "sagemaker:CreateEndpointConfig", "sagemaker:CreateEndpoint", "sagemaker:DescribeEndpoint",
          "sagemaker:UpdateEndpoint", "sagemaker:DeleteEndpointConfig", "sagemaker:DeleteEndpoint",
          "sagemaker:AddTags", "sagemaker:ListTags",
        ],
        Resource: "*",
      },
      {
        Effect: "Allow", Action: "iam:PassRole", Resource: "*",
        Condition: { StringEquals: { "iam:PassedToService": "sagemaker.amazonaws.com" } },
      },
      {
        Effect: "Allow", Action: ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
        Resource: ["arn:aws:events:*:*:rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule"],
      },
    ),
  },
  {
    title: "Pass a role to SageMaker",
    name: "PassRoleToSageMaker",
    text: document({
      Effect: "Allow", Action: "iam:PassRole", Resource: "*",
      Condition: { StringEquals: { "iam:PassedToService": "sagemaker.amazonaws.com" } },
    }),
  },
  {
    title: "Read and write one bucket",
    name: "Bucket",
    text: document(
      { Effect: "Allow", Action: "s3:ListBucket", Resource: "arn:aws:s3:::BUCKET" },
      { Effect: "Allow", Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], Resource: "arn:aws:s3:::BUCKET/*" },
    ),
  },
];

export interface Trusted {
  id: string;
  title: string;
  about: string;
  principal: object;
  /** AWS's policies that a role for it is usually given. */
  policies: readonly string[];
}

const aws = (name: string) => `arn:aws:iam::aws:policy/${name}`;

export function trustedServices(account: string): readonly Trusted[] {
  return [
    {
      id: "states", title: "Step Functions", about: "Workflows run as this role. Say in an inline policy what their steps may do.",
      principal: { Service: "states.amazonaws.com" }, policies: [],
    },
    {
      id: "sagemaker", title: "SageMaker", about: "Training jobs, endpoints and notebooks run as this role.",
      principal: { Service: "sagemaker.amazonaws.com" }, policies: [aws("AmazonSageMakerFullAccess")],
    },
    {
      id: "events", title: "EventBridge", about: "Rules start workflows as this role.",
      principal: { Service: "events.amazonaws.com" }, policies: [],
    },
    {
      id: "custom", title: "Custom trust policy", about: "Users, roles or other services: written as JSON.",
      principal: { AWS: `arn:aws:iam::${account}:root` }, policies: [],
    },
  ];
}

/** Why IAM does not take this as a name of a role, user or policy, or undefined. */
export function wrongName(name: string, max: number): string | undefined {
  if (!/^[\w+=,.@-]*$/.test(name)) return "Letters, digits and + = , . @ _ - only.";
  if (name.length > max) return `${max} characters at most.`;
  return undefined;
}

export const isAws = (arn: string) => arn.startsWith("arn:aws:iam::aws:");

/** `undefined`: a policy without an ARN, that stands within its role or user. */
export function typeOf(arn: string | undefined): string {
  if (arn === undefined) return "Inline";
  return isAws(arn) ? "AWS managed" : "Customer managed";
}

/** A text in three: before the part that decides, the part, and what follows. */
export function cutAt(text: string, start: Place, end: Place): [string, string, string] {
  const { from, to } = part(text, start, end);
  if (text.includes("\n")) return [text.slice(0, from), text.slice(from, to), text.slice(to)];
  return cutOneLine(text, text.slice(from, to));
}

/** What came on one line is spread out, the part with it. */
function cutOneLine(text: string, piece: string): [string, string, string] {
  const [whole, alone] = [reprint(text), reprint(piece)];
  for (const indent of ["    ", "  "]) { // in a list, by itself
    const indented = alone.replaceAll("\n", `\n${indent}`);
    const at = whole.indexOf(indented);
    if (at >= 0) return [whole.slice(0, at), indented, whole.slice(at + indented.length)];
  }
  const at = text.indexOf(piece);
  return [text.slice(0, at), piece, text.slice(at + piece.length)];
}
