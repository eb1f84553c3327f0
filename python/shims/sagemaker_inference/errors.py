"""What scripts raise, and what they may have to catch."""


class UnsupportedFormatError(Exception):
    """Nobody here reads or writes this content type. Answered with status 500."""

    def __init__(self, content_type, **kwargs):
        super().__init__(
            f"Content type {content_type} is not supported by this framework. Define input_fn to "
            "read other requests, output_fn to write other answers.", **kwargs)


class BaseInferenceToolkitError(Exception):
    """Ends a request with a status of the script's choice; `message` is the answer's body."""

    def __init__(self, status_code, message, phrase):
        super().__init__(status_code, message, phrase)
        self.status_code = status_code
        self.message = message
        self.phrase = phrase


class GenericInferenceToolkitError(BaseInferenceToolkitError):
    """The same with words of its own where the script has none."""

    def __init__(self, status_code, message=None, phrase=None):
        message = message or "Invalid Request"
        super().__init__(status_code, message, phrase or message)
