"""sagemaker_training.errors under its older name."""
from sagemaker_training.errors import *  # noqa: F401,F403
