"""sagemaker_training.files under its older name."""
from sagemaker_training.files import *  # noqa: F401,F403
