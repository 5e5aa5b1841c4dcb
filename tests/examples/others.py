"""What other teams have made with terraform, on an embedded AWS; they add what an environment asks of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from string import Template
from typing import Any

from sagekeep import aws
from sagekeep.estate.fault import Fault
from sagekeep.local import instance
from sagekeep.local.instance import Instance
from sagekeep.mirror import provider_source
from sagekeep.settings_fields import USUAL_ENDPOINTS

ROOT = Path(__file__).parents[2]
ESTATES = Path(__file__).parent / "estates"
REGION, ACCOUNT = "us-east-1", "123456789012"
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/sagekeep-deployer"
STATE = {"Bucket": "others-platform", "Key": "network.tfstate"}


@dataclass
class Others:
    """Their Terraform, `estates/others`, applied; `text` are the settings of the estate, with `$word` for their ids."""

    folder: Path
    instance: Instance
    text: str

    @classmethod
    def begin(cls, folder: Path, estate: Path) -> Others:
        """An account in which only they have been."""
        started = instance.up(folder / "aws", account_id=ACCOUNT, region=REGION, deploy_role=DEPLOYER)
        others = cls(folder, started, estate.read_text(encoding="utf-8"))
        shutil.copytree(ESTATES / "others", folder / "others", ignore=shutil.ignore_patterns(".terraform*"))
        others.file("asked.json", {})
        endpoints = tomllib.loads(others.text)["existing"].get("endpoints", {})
        names = USUAL_ENDPOINTS if endpoints.get("all") else tuple(endpoints)
        others.file("vpc.auto.tfvars.json", {"endpoints": names})
        others.terraform("init")
        others.apply()
        return others

    def file(self, name: str, document: object) -> None:
        """Write a JSON file beside their Terraform."""
        (self.folder / "others" / name).write_text(json.dumps(document, indent=2), encoding="utf-8")

    @cached_property
    def variables(self) -> dict[str, str]:
        """The account's administrator's environment."""
        return self.instance.environment()

    def client(self, service: str) -> Any:
        """A boto3 client of the administrator's."""
        return aws.client(service, REGION, self.variables)

    def terraform(self, *arguments: str, code: int = 0) -> str:
        """terraform as they run it."""
        source = provider_source(ROOT, os.environ)
        config = {"TF_CLI_CONFIG_FILE": str(source.config)} if source.config else {}
        done = subprocess.run(
            ["terraform", *arguments, "-input=false", "-no-color"],
            cwd=self.folder / "others",
            env={**self.variables, **source.variables, **config, "CHECKPOINT_DISABLE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def apply(self) -> None:
        """Apply, and put the state where others may read it."""
        self.terraform("apply", "-auto-approve")
        self.client("s3").put_object(**STATE, Body=(self.folder / "others" / "terraform.tfstate").read_bytes())

    @property
    def outputs(self) -> dict[str, Any]:
        """Outputs of their state."""
        state = json.loads((self.folder / "others" / "terraform.tfstate").read_text(encoding="utf-8"))
        return {name: output["value"] for name, output in state["outputs"].items()}

    def settings(self, name: str) -> Path:
        """The estate's settings with their ids, as a file."""
        words = dict(self.outputs["things"])
        for word in ("subnet", "route_table"):
            words |= {f"{word}_{at}": found for at, found in enumerate(self.outputs[f"{word}_ids"], 1)}
        file = self.folder / f"{name}.toml"
        file.write_text(Template(self.text).substitute(words), encoding="utf-8")
        return file

    def add(self, faults: Iterable[Fault]) -> None:
        """Add what faults print, as their owners do: statements of the setting's thing, those of a Sid replaced."""
        file = self.folder / "others" / "asked.json"
        asked: dict[str, list[dict[str, Any]]] = json.loads(file.read_text(encoding="utf-8"))
        for fault in faults:
            assert fault.text.endswith(("add it:", "add them:", "replace it:")), fault
            pasted = json.loads(fault.paste)
            statements = pasted if isinstance(pasted, list) else [pasted]
            # The topic is under the logs key.
            key = "existing.keys.logs" if "the policy of key" in fault.text else fault.key
            known = {statement["Sid"]: statement for statement in [*asked.get(key, []), *statements]}
            asked[key] = list(known.values())
        self.file("asked.json", asked)
        self.apply()
