"""sagemaker_training.functions under its older name."""
from sagemaker_training.functions import *  # noqa: F401,F403
