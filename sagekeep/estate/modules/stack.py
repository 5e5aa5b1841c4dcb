"""A synthesized stack as a module: the same addresses, without backend and provider, its reads as variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sagekeep.errors import OperationError
from sagekeep.estate.modules import tags, variables
from sagekeep.estate.modules.module import Block, Module, Place, Wire
from sagekeep.estate.modules.references import REMOTE_STATE, Reads, mapped

ASSETS = "assets/"
# In one state, an output waits only for what it refers to. Whoever works in the subnets needs endpoints, rules and
# routes as well, also when it is destroyed; whoever writes to the bucket, all that seals it. Not more than these: an
# object of code is made before the older one goes, and Terraform holds everything that it waits for to that order.
COMPLETE = {"network": ("subnet_ids",), "storage": ("data_bucket",)}
_KNOWN = {"//", "terraform", "provider", "resource", "data", "check", "output", "variable", "moved"}
_GUARD = "exported"


def module_of(name: str, documents: Mapping[str, Block], assets: Mapping[str, bytes], after: tuple[str, ...]) -> Module:
    """The module of a stack.

    `documents`: the Terraform of all stacks; `assets`: the files that this one refers to; `after`: the stacks that must
    be applied before it.

    Raises:
        OperationError: the stack has what a module cannot have.
    """
    document = documents[name]
    _require_known(name, document)
    place = _place(name, document)
    own = {key: _bare(block) for key, block in document.get("variable", {}).items()}
    reads = Reads.of(document, documents, {*own, variables.TAGS})
    main = _main(document, reads, place, frozenset(assets))
    taken = {
        variable: variables.of_output(variable, wire, _output(name, documents, wire), place)
        for variable, wire in reads.wires.items()
    }
    objects = "aws_s3_object" in main.get("resource", {})
    return Module(
        name=name,
        terraform=_versions(document),
        main=main,
        variables=taken | own | {variables.TAGS: variables.of_tags(place, objects=objects)},
        wires=reads.wires,
        outputs=_outputs(name, document, reads),
        moved=tuple(document.get("moved", ())),
        guard=_guard(place),
        place=place,
        after=after,
        assets=assets,
    )


def _output(name: str, documents: Mapping[str, Block], wire: Wire) -> Block:
    outputs: Mapping[str, Block] = documents[wire.module].get("output", {})
    if wire.output not in outputs:
        raise OperationError(f"stack {name} reads {wire.output} of {wire.module}, which does not output it")
    return outputs[wire.output]


def _require_known(name: str, document: Block) -> None:
    if unknown := sorted(set(document) - _KNOWN):
        raise OperationError(f"stack {name} cannot become a module: it has {', '.join(unknown)}")
    configurations = document.get("provider", {}).values()
    if any(len(listed) > 1 or "alias" in listed[0] for listed in configurations):
        raise OperationError(f"stack {name} cannot become a module: it has several configurations of one provider")


def _main(document: Block, reads: Reads, place: Place, assets: frozenset[str]) -> dict[str, Any]:
    resources = {
        kind: {name: tags.tagged(kind, name, _bare(body)) for name, body in bodies.items()}
        for kind, bodies in document.get("resource", {}).items()
    }
    data = {
        kind: {name: _bare(body) for name, body in bodies.items() if kind != REMOTE_STATE or name not in reads.stacks}
        for kind, bodies in document.get("data", {}).items()
    }
    blocks = {
        "resource": {
            kind: {n: reads.without_sources(b) for n, b in group.items()} for kind, group in resources.items()
        },
        "data": {
            kind: {n: reads.without_sources(b) for n, b in group.items()} for kind, group in data.items() if group
        },
        "check": document.get("check", {}),
    }
    main = {name: _in_module(reads.rewritten(block), assets) for name, block in blocks.items() if block}
    return main | {"locals": {"tags": tags.local(place)}}


def _in_module(value: Any, assets: frozenset[str]) -> Any:
    """With the paths of files below the module: those that a stack gives are below the folder that terraform runs in.

    Raises:
        OperationError: a path is part of a longer text, or leads to a file that is not there.
    """

    def change(text: str) -> str:
        if text in assets:
            return f"${{path.module}}/{text}"
        if re.search(rf"(^|[\"' ]){ASSETS}", text):
            raise OperationError(f"{text!r} names a file of the stack in a way that a module cannot")
        return text

    return mapped(value, change)


def _outputs(name: str, document: Block, reads: Reads) -> dict[str, Any]:
    everything = sorted(f"{kind}.{n}" for kind, bodies in document.get("resource", {}).items() for n in bodies)
    waiting = {"depends_on": everything} if everything else {}
    return {
        key: reads.rewritten(_bare(block)) | (waiting if key in COMPLETE.get(name, ()) else {})
        for key, block in document.get("output", {}).items()
    }


def _place(name: str, document: Block) -> Place:
    provider: Block = next((listed[0] for listed in document.get("provider", {}).values()), {})
    given = [block["tags"] for block in provider.get("default_tags", ())]
    if len(given) > 1:
        raise OperationError(f"stack {name} cannot become a module: it has default_tags twice")
    return Place(tuple(provider.get("allowed_account_ids", ())), provider.get("region", ""), given[0] if given else {})


def _guard(place: Place) -> dict[str, Any]:
    """Names and ARNs are made of account and region: anywhere else the plan fails."""
    data = {}
    if place.accounts:
        listed = ", ".join(f'"{account}"' for account in place.accounts)
        data["aws_caller_identity"] = _checked(
            f"contains([{listed}], self.account_id)",
            f"This module is for account {', '.join(place.accounts)}; the provider is in ${{self.account_id}}.",
        )
    if place.region:
        data["aws_region"] = _checked(  # .id: the provider's version 6 has .region in place of .name
            f'self.id == "{place.region}"',
            f"This module is for region {place.region}; the provider is in ${{self.id}}.",
        )
    return {"data": data} if data else {}


def _checked(condition: str, otherwise: str) -> dict[str, Any]:
    remedy = " Export the environment whose settings have that account and region, or use another provider."
    check = {"condition": f"${{{condition}}}", "error_message": otherwise + remedy}
    return {_GUARD: {"lifecycle": {"postcondition": [check]}}}


def _versions(document: Block) -> dict[str, Any]:
    block = {name: value for name, value in document.get("terraform", {}).items() if name != "backend"}
    providers = block.get("required_providers", {})
    spelled = {name: {**wanted, "source": _source(wanted["source"])} for name, wanted in providers.items()}
    return block | ({"required_providers": spelled} if spelled else {})


def _source(source: str) -> str:
    """cdktf leaves the namespace out where it is the usual one."""
    return source if "/" in source else f"hashicorp/{source}"


def _bare(block: Block) -> dict[str, Any]:
    """Without cdktf's notes."""
    return {name: value for name, value in block.items() if name != "//"}
