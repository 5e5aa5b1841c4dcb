"""The environments that the proof is tried on: poc, prod, each option of tests/controls/options.toml, and all."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import options
import proofs
from sagekeep.prove.estate import Estate
from sagekeep.prove.people import with_people
from sagekeep.prove.rows import applies, attempts, calls
from sagekeep.prove.situation import Situation, situations
from sagekeep.prove.words import UnknownWord
from sagekeep.synthesis import Synthesis

# What AWS sends now -> what it sent (Service Authorization Reference, Amazon SageMaker).
REPLACED = {
    "sagemaker:OutputKmsKeyArn": "sagemaker:OutputKmsKey",
    "sagemaker:VolumeKmsKeyArn": "sagemaker:VolumeKmsKey",
}
NAMES = ("poc", "prod", options.ALL, *options.ALONE)


def synthesized(name: str) -> Synthesis:
    """What the synth of an environment wrote."""
    return proofs.synthesized(name) if name in ("poc", "prod") else options.synthesized(name)


def estate(name: str) -> Estate:
    """An environment as the proof reads it."""
    return proofs.estate_from(synthesized(name))


def requests(found: Estate) -> Iterator[Situation]:
    """Every request that the proof decides there, of calls and of attempts."""
    for row in with_people((*calls(), *attempts()), found.settings):
        if not applies(row, found.settings):
            try:
                yield from situations(row, found)
            except UnknownWord as word:  # what others have made; none of these environments has it
                raise AssertionError(f"{row.id}: nothing here is called {word}") from word


def statement_of(documents: proofs.Documents, sid: str) -> dict[str, Any]:
    """A statement of the pipeline role, to be changed in place."""
    return proofs.statement(documents, "pipeline: data.aws_iam_policy_document.pipeline_access_policy_statements", sid)


def with_replaced_keys_alone() -> proofs.Documents:
    """poc, its pipeline role's jobs bound to the data key by the replaced condition keys alone."""
    documents = copy.deepcopy({name: stack.document() for name, stack in synthesized("poc").stacks.items()})
    found = statement_of(documents, "CreateSealedJobs")
    bound = next(c["values"] for c in found["condition"] if "KmsKey" in c["variable"])
    kept = [c for c in found["condition"] if "KmsKey" not in c["variable"]]
    found["condition"] = kept + [
        {"test": "StringEquals", "variable": key, "values": bound} for key in REPLACED.values()
    ]
    return documents
