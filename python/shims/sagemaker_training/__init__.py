"""The parts of SageMaker's training toolkit that training scripts import."""


def training_env():
    """The instance's Environment."""
    from sagemaker_training import environment
    return environment.Environment()
