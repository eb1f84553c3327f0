/**
 * What a Task can call here: the optimised integrations, and every operation as aws-sdk:SERVICE:ACTION
 * (those that the daemon has; a test holds this against api/*.ops).
 */

/** By the names that the AWS SDK for Java gives services in resources; a word an operation. */
export const SDK_OPERATIONS: Readonly<Record<string, string>> = {
  cloudwatch: "PutMetricData GetMetricStatistics GetMetricData ListMetrics",
  cloudwatchlogs:
    "CreateLogGroup DeleteLogGroup DescribeLogGroups CreateLogStream DeleteLogStream DescribeLogStreams PutLogEvents " +
    "GetLogEvents FilterLogEvents",
  eventbridge: "PutRule DescribeRule ListRules DeleteRule PutTargets ListTargetsByRule RemoveTargets PutEvents",
  iam:
    "CreateRole GetRole ListRoles DeleteRole UpdateAssumeRolePolicy PutRolePolicy GetRolePolicy ListRolePolicies " +
    "DeleteRolePolicy AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies CreateUser GetUser ListUsers DeleteUser " +
    "PutUserPolicy GetUserPolicy ListUserPolicies DeleteUserPolicy AttachUserPolicy DetachUserPolicy ListAttachedUserPolicies " +
    "CreateAccessKey ListAccessKeys UpdateAccessKey DeleteAccessKey CreatePolicy GetPolicy GetPolicyVersion " +
    "ListPolicyVersions ListPolicies DeletePolicy SimulatePrincipalPolicy SimulateCustomPolicy",
  s3:
    "CreateBucket DeleteBucket HeadBucket ListBuckets GetBucketLocation PutObject GetObject HeadObject DeleteObject " +
    "DeleteObjects CopyObject ListObjects ListObjectsV2 CreateMultipartUpload UploadPart UploadPartCopy " +
    "CompleteMultipartUpload AbortMultipartUpload ListParts ListMultipartUploads",
  sagemaker:
    "CreateTrainingJob DescribeTrainingJob ListTrainingJobs StopTrainingJob CreateModel DescribeModel ListModels DeleteModel " +
    "CreateEndpointConfig DescribeEndpointConfig ListEndpointConfigs DeleteEndpointConfig CreateEndpoint DescribeEndpoint " +
    "UpdateEndpoint ListEndpoints DeleteEndpoint AddTags DeleteTags ListTags CreateNotebookInstance DescribeNotebookInstance " +
    "ListNotebookInstances StartNotebookInstance StopNotebookInstance UpdateNotebookInstance DeleteNotebookInstance " +
    "CreatePresignedNotebookInstanceUrl",
  sagemakerruntime: "InvokeEndpoint",
  sfn:
    "CreateStateMachine DescribeStateMachine UpdateStateMachine ListStateMachines DeleteStateMachine StartExecution " +
    "DescribeExecution ListExecutions StopExecution GetExecutionHistory DescribeStateMachineForExecution TagResource " +
    "UntagResource ListTagsForResource PublishStateMachineVersion ListStateMachineVersions DeleteStateMachineVersion " +
    "CreateStateMachineAlias DescribeStateMachineAlias UpdateStateMachineAlias DeleteStateMachineAlias " +
    "ListStateMachineAliases CreateActivity DescribeActivity DeleteActivity ListActivities GetActivityTask SendTaskSuccess " +
    "SendTaskFailure SendTaskHeartbeat RedriveExecution ValidateStateMachineDefinition",
  sts: "GetCallerIdentity AssumeRole",
};

const OPTIMISED: readonly (readonly [string, string])[] = [
  ["sagemaker:createTrainingJob.sync", "waits for the end of the job"],
  ["sagemaker:createTrainingJob", "goes on at once"],
  ["sagemaker:createModel", ""], ["sagemaker:createEndpointConfig", ""], ["sagemaker:createEndpoint", ""], ["sagemaker:updateEndpoint", ""],
  ["states:startExecution.sync:2", "waits for its end; output as JSON"],
  ["states:startExecution.sync", "waits for its end; output as text"],
  ["states:startExecution", "goes on at once"],
  ["states:startExecution.waitForTaskToken", "waits for its token"],
  ["http:invoke", "of hosts that the daemon was allowed"],
];

export interface Resource { readonly arn: string; readonly about: string }

const camel = (operation: string) => operation.charAt(0).toLowerCase() + operation.slice(1);

export const RESOURCES: readonly Resource[] = [
  ...OPTIMISED.map(([name, about]) => ({ arn: `arn:aws:states:::${name}`, about })),
  ...Object.entries(SDK_OPERATIONS).flatMap(([service, names]) =>
    names.split(" ").map((operation) => ({ arn: `arn:aws:states:::aws-sdk:${service}:${camel(operation)}`, about: operation }))),
];
