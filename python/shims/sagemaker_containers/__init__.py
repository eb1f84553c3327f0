"""SageMaker's older toolkit, under whose names scripts of its time import. The work is done in
sagemaker_training."""


def training_env():
    """The instance's environment: folders, hosts, hyperparameters."""
    from sagemaker_containers import _env
    return _env.TrainingEnv()
