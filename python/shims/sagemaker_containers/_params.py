"""sagemaker_training.params under its older name."""
from sagemaker_training.params import *  # noqa: F401,F403
