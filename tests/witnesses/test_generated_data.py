"""What the tool ships of AWS's reference is what the package says, not what somebody remembered."""

from __future__ import annotations

from tests.witnesses import generated_data, reference
from tests.witnesses.summary import Witnessed


def test_the_shipped_data_are_those_of_the_package(witnessed: Witnessed) -> None:
    reference.about()
    assert generated_data.FILE.read_text(encoding="utf-8") == generated_data.text(), (
        "run make data, and review the change"
    )
    actions = [action for service in generated_data.document()["services"].values() for action in service["actions"]]
    witnessed("IAM data", "actions shipped", len(actions))
