"""All stacks of an environment in their order, and what is written beside their Terraform."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cdktf import App

from policies.required import required
from policies.statement import Statement
from sagekeep import names, sizes
from sagekeep.errors import UsageError
from sagekeep.settings import Settings
from sagekeep.settings_faults import SettingsError
from stacks.base import EstateStack
from stacks.detection import DetectionStack
from stacks.keys import KeysStack
from stacks.network import NetworkStack
from stacks.parts.policy import POLICY_DOCUMENT
from stacks.pipeline import PipelineStack
from stacks.state import StateStack
from stacks.storage import StorageStack
from stacks.studio import StudioStack


def build(app: App, settings: Settings) -> list[EstateStack]:
    """The stacks, producers first."""
    ours = settings.state.backend == "s3" and not settings.existing.state_bucket
    state = StateStack(app, settings) if ours else None
    keys = KeysStack(app, settings)
    network = NetworkStack(app, settings, keys=keys)
    storage = StorageStack(app, settings, keys=keys, network=network)
    studio = StudioStack(app, settings, keys=keys, network=network)
    pipeline = PipelineStack(app, settings, keys=keys, network=network, storage=storage)
    stacks: list[EstateStack] = [*([state] if state else []), keys, network, storage, studio, pipeline]
    if settings.detection.enabled:
        stacks.append(DetectionStack(app, settings, keys=keys, network=network, state=state))
    return stacks


def synthesize(settings: Settings, out: Path) -> None:
    """Write the environment's Terraform to `out`: stacks/<stack>/, manifest.json and model.json.

    Raises:
        UsageError: `out` holds another environment's Terraform.
        SettingsError: AWS would refuse something for its size.
    """
    _refuse_other_environment(settings, out)
    app = App(outdir=str(out), skip_validation=True)
    stacks = build(app, settings)
    app.synth()
    _refuse_what_aws_refuses(settings, out, stacks)
    for stack in stacks:
        _write_files(out / "stacks" / stack.NAME, stack.files)
    _remove_stale_stacks(out, {stack.NAME for stack in stacks})
    model = json.dumps(_model(settings, out, stacks), indent=2, sort_keys=True)
    (out / "model.json").write_text(f"{model}\n", encoding="utf-8")


def _refuse_other_environment(settings: Settings, out: Path) -> None:
    model = out / "model.json"
    found = json.loads(model.read_text(encoding="utf-8"))["environment"] if model.is_file() else settings.environment
    if found != settings.environment:
        hint = f"give another folder: --out {names.output_folder(settings.environment)} (cdktf: --output)"
        raise UsageError(f"{out.name} holds the environment {found}, not {settings.environment}", hint=hint)


def _refuse_what_aws_refuses(settings: Settings, out: Path, stacks: Sequence[EstateStack]) -> None:
    files = {stack.NAME: out / "stacks" / stack.NAME / "cdk.tf.json" for stack in stacks}
    documents = {name: json.loads(file.read_text(encoding="utf-8")) for name, file in files.items()}
    if faults := sizes.faults(settings, documents):
        for file in (*files.values(), out / "model.json"):  # nobody plans what is refused
            file.unlink(missing_ok=True)
        raise SettingsError(f"environment {settings.environment}", faults)


def _write_files(folder: Path, files: dict[str, bytes]) -> None:
    shutil.rmtree(folder / "assets", ignore_errors=True)  # of earlier contents
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _remove_stale_stacks(out: Path, current: set[str]) -> None:
    """A stack that is no longer built keeps its folder otherwise; its state, where it is local, lies beside."""
    for folder in (out / "stacks").iterdir():
        if folder.is_dir() and folder.name not in current:
            shutil.rmtree(folder)


def _model(settings: Settings, out: Path, stacks: list[EstateStack]) -> dict[str, Any]:
    """What the tool reads beside the Terraform: settings, addresses by path, statements with their reasons.

    `required`: what the stacks need of things that are brought, by subject.
    """
    needs = {subject: need for stack in stacks for subject, need in stack.required.items()}
    needs |= {key: need.document() for key, need in required(settings).items()}
    return {
        "environment": settings.environment,
        "settings": settings.model_dump(mode="json"),
        "stacks": {stack.NAME: _written(out / "stacks" / stack.NAME / "cdk.tf.json", stack) for stack in stacks},
        "state": {
            "backend": settings.state.backend,
            "bucket": names.bucket(settings, "state"),
            "log_bucket": names.bucket(settings, "state-logs"),
            "key_alias": names.state_encryption(settings),
            "region": settings.region,
        },
        **({"required": needs} if needs else {}),
    }


def _written(file: Path, stack: EstateStack) -> dict[str, Any]:
    """A stack as its Terraform has it, where the references that were tokens of cdktf are resolved."""
    document = json.loads(file.read_text(encoding="utf-8"))
    return {"resources": _resources(document), "policies": _policies(document, stack.statements)}


def _policies(document: dict[str, Any], statements: Mapping[str, Sequence[Statement]]) -> dict[str, Any]:
    """The statements of every policy document by its address, each with its reason."""
    blocks = document.get("data", {}).get(POLICY_DOCUMENT, {})
    return {
        f"data.{POLICY_DOCUMENT}.{name}": [
            block | {"why": statement.why} for block, statement in zip(blocks[name]["statement"], own, strict=True)
        ]
        for name, own in statements.items()
    }


def _resources(document: dict[str, Any]) -> list[dict[str, str]]:
    """Construct path and Terraform address of every resource and data source of a stack."""
    return [
        {"path": body["//"]["metadata"]["path"], "address": f"{start}{kind}.{name}"}
        for block, start in (("resource", ""), ("data", "data."))
        for kind, bodies in document.get(block, {}).items()
        for name, body in bodies.items()
        if "//" in body
    ]
