"""In place of PyTorch (200 MB here, gigabytes from PyPI), of which a model of ours needs a name.

TorchServe asks of an answer whether it is a tensor, to save it; the toolkit's handlers for PyTorch's own models are
never called, since inference.py has functions of its own.
"""


class Tensor:
    """No answer is one."""
