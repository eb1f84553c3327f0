"""What goes wrong on the user's side."""


class ClientError(Exception):
    """The user's mistake, not the container's."""


class ImportModuleError(ClientError):
    """The user's module cannot be imported."""


class _CalledProcessError(ClientError):
    def __init__(self, cmd, return_code=None, output=None, info=None):
        self.cmd, self.return_code, self.output, self.extra_info = cmd, return_code, output, info
        super().__init__()

    def __str__(self):
        output = self.output or ""
        if isinstance(output, bytes):
            output = output.decode("utf-8", "replace")
        extra = "" if self.extra_info is None else f'\nExtraInfo "{self.extra_info}"'
        return (f"{type(self).__name__}:\nExitCode {self.return_code}\n"
                f'ErrorMessage "{output}"{extra}\nCommand "{self.cmd}"')


class InstallModuleError(_CalledProcessError):
    """The user's package cannot be installed."""


class InstallRequirementsError(_CalledProcessError):
    """requirements.txt cannot be installed."""


class ExecuteUserScriptError(_CalledProcessError):
    """The user's program has failed."""


class ChannelDoesNotExistException(Exception):
    def __init__(self, channel_name):
        super().__init__(f"Channel {channel_name} is not a valid channel")


ChannelDoesNotExistError = ChannelDoesNotExistException


class UnsupportedFormatError(Exception):
    """No encoder or decoder for a content type."""

    def __init__(self, content_type, **kwargs):
        self.message = (f"Content type {content_type} is not supported by this framework.\n\n"
                        "Implement input_fn to read requests of this type, or output_fn to write "
                        "answers of it.")
        super().__init__(self.message, **kwargs)
