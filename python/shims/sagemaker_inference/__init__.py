"""The public names of SageMaker's inference toolkit, in our own words: what scripts for model
servers import. numpy is needed only by what is called with arrays."""
