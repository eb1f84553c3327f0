/** Definitions to begin with. */

export interface Template { readonly id: string; readonly title: string; readonly name: string; readonly definition: object }

const taken = (state: string, ...names: string[]) => Object.fromEntries(names.map((name) => [`${name}.$`, `$$.Execution.Input['${state}'].${name}`]));

export const TEMPLATES: readonly Template[] = [
  {
    id: "hello", title: "Hello: one state", name: "Hello",
    definition: { Comment: "Passes its input on, with a greeting.", StartAt: "Hello", States: { Hello: { Type: "Pass", Result: "Hello", ResultPath: "$.greeting", End: true } } },
  },
  {
    id: "pipeline", title: "Training pipeline: train, make a model, deploy it", name: "TrainingPipeline",
    definition: {
      StartAt: "Training",
      States: {
        Training: {
          Type: "Task", Resource: "arn:aws:states:::sagemaker:createTrainingJob.sync",
          Parameters: taken(
            "Training", "TrainingJobName", "AlgorithmSpecification", "InputDataConfig", "OutputDataConfig", "ResourceConfig", "StoppingCondition",
            "HyperParameters", "RoleArn"
            ),
          Next: "Create Model",
        },
        "Create Model": {
          Type: "Task", Resource: "arn:aws:states:::sagemaker:createModel",
          Parameters: taken("Create Model", "ModelName", "PrimaryContainer", "ExecutionRoleArn"), Next: "Configure Endpoint",
        },
        "Configure Endpoint": {
          Type: "Task", Resource: "arn:aws:states:::sagemaker:createEndpointConfig",
          Parameters: taken("Configure Endpoint", "EndpointConfigName", "ProductionVariants"), Next: "Deploy",
        },
        Deploy: {
          Type: "Task", Resource: "arn:aws:states:::sagemaker:createEndpoint",
          Parameters: taken("Deploy", "EndpointConfigName", "EndpointName"), End: true,
        },
      },
    },
  },
  {
    id: "retry", title: "A choice, a retry and a catch", name: "Careful",
    definition: {
      StartAt: "Enough?",
      States: {
        "Enough?": { Type: "Choice", Choices: [{ Variable: "$.count", NumericGreaterThan: 0, Next: "Look" }], Default: "Nothing To Do" },
        Look: {
          Type: "Task", Resource: "arn:aws:states:::aws-sdk:s3:listBuckets", Parameters: {},
          Retry: [{ ErrorEquals: ["States.TaskFailed"], IntervalSeconds: 1, MaxAttempts: 2, BackoffRate: 2 }],
          Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: "$.error", Next: "Note The Error" }], Next: "Done",
        },
        "Note The Error": { Type: "Pass", Next: "Done" },
        "Nothing To Do": { Type: "Fail", Error: "NothingToDo", CausePath: "States.Format('count is {}', $.count)" },
        Done: { Type: "Succeed" },
      },
    },
  },
];

export const definitionText = (template: Template) => JSON.stringify(template.definition, null, 2);
