"""What functions with one argument more are told of a request, and may say of its answer."""


class _RequestProcessor:
    def __init__(self, context):
        self._context = context

    def get_request_properties(self):
        return self._context.get_all_request_header()


class Context:
    """The names are those of the model servers in SageMaker's images; a batch has one request."""

    def __init__(self, model_dir, gpu_id=None):
        self.model_name = "model"
        self.manifest = {}
        self.batch_size = 1
        self.system_properties = {"model_dir": model_dir, "gpu_id": gpu_id, "batch_size": 1,
                                  "server_name": "trainyard-model-server"}
        self.request_processor = [_RequestProcessor(self)]
        self.begin({})

    def begin(self, headers):
        """The next request; `headers` by names in lower case."""
        self._headers = headers
        self.status = 200
        self.response_headers = {}
        self.content_type = None

    def get_all_request_header(self, idx=0):
        return {"-".join(part.capitalize() for part in name.split("-")): value
                for name, value in self._headers.items()}

    def get_request_header(self, idx, key):
        return self._headers.get(key.lower())

    def get_request_id(self, idx=0):
        return self._headers.get("x-amzn-sagemaker-inference-id")

    def set_response_status(self, code=200, phrase="", idx=0):
        self.status = int(code)

    def get_response_status(self, idx=0):
        return self.status, ""

    def set_response_content_type(self, idx, value):
        self.content_type = value

    def get_response_content_type(self, idx=0):
        return self.content_type

    def set_response_header(self, idx, key, value):
        self.response_headers[key] = str(value)

    def get_response_headers(self, idx=0):
        return dict(self.response_headers)
