"""Every row of the proof can be tried for real: found out from the synthesized files, before anything is deployed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.validate import ParamValidator

from estates import ROOT
from live_trials import asked, asked_of_policies, form_of
from sagekeep import synthesis
from sagekeep.prove import rows
from sagekeep.prove.people import with_people
from sagekeep.prove.reading import read
from sagekeep.prove.situation import situations
from sagekeep.prove.terraform import Terraform

# What no client can send is asked of the policies instead; rows that are only asked prove less.
FEWEST_SENT = 0.85


def test_each_row_is_a_request_that_its_service_takes(tmp_path: Path) -> None:
    made = synthesis.synthesize(ROOT, "poc", tmp_path / "out", work=tmp_path / "work")
    estate = read(Terraform.of(made))
    groups = {estate.words["vpc"]: "sg-1", "vpc-elsewhere": "sg-2"}
    world: Any = SimpleNamespace(words=estate.words, groups=groups, real=str, alias=lambda _key: "alias/x")
    models, faults, sent, told = _Models(), [], 0, 0
    for row in with_people((*rows.calls(), *rows.attempts()), estate.settings):
        for situation in [] if rows.applies(row, estate.settings) else situations(row, estate):
            if asked_of_policies(situation):
                told += 1
                continue
            sent += 1
            words = asked(world, situation)
            form = form_of(words)
            if fault := models.fault(form.client, form.method, form.params(words)):
                faults.append(f"{row.id}: {situation.request.action}: {fault}")
    assert faults == []
    assert sent / (sent + told) >= FEWEST_SENT


class _Models:
    """botocore's models of services."""

    def __init__(self) -> None:
        self._session, self._operations = botocore.session.get_session(), {}

    def fault(self, service: str, method: str, params: Any) -> str:
        """What the service would refuse before it asks who calls; "" where nothing."""
        if service not in self._operations:
            model = self._session.get_service_model(service)
            self._operations[service] = {
                xform_name(name): model.operation_model(name) for name in model.operation_names
            }
        shape = self._operations[service][method].input_shape
        found = ParamValidator().validate(params, shape) if shape else None
        return found.generate_report() if found and found.has_errors() else ""
