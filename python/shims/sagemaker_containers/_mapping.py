"""sagemaker_training.mapping under its older name."""
from sagemaker_training.mapping import *  # noqa: F401,F403
