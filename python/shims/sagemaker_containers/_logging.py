"""sagemaker_training.logging_config under its older name."""
from sagemaker_training.logging_config import *  # noqa: F401,F403
