"""sagemaker_training.encoders under its older name."""
from sagemaker_training.encoders import *  # noqa: F401,F403
