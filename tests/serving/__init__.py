"""Two model servers over one table of cases: TorchServe under SageMaker's toolkit, and the embedded AWS's stand-in."""

import pytest

pytest.register_assert_rewrite("tests.serving.check")
