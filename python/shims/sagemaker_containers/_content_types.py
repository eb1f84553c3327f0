"""sagemaker_training.content_types under its older name."""
from sagemaker_training.content_types import *  # noqa: F401,F403
