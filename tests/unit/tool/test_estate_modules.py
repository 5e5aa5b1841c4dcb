"""A stack becomes a module: reads, tags, files, outputs; and what a module cannot have is refused by name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagekeep.errors import OperationError
from sagekeep.estate.modules.joined import root_of
from sagekeep.estate.modules.module import Module, Wire
from sagekeep.estate.modules.stack import module_of

PROVIDER = {
    "aws": [
        {
            "region": "eu-west-1",
            "allowed_account_ids": ["123456789012"],
            "default_tags": [{"tags": {"Environment": "poc", "Project": "x"}}],
        }
    ]
}


def stack(name: str, *, reads: tuple[str, ...] = (), **blocks: Any) -> dict[str, Any]:
    """A stack that keeps its state in a bucket and can read the states of others."""
    remote = {r: {"backend": "s3", "config": {"bucket": "b", "key": f"poc/{r}", "region": "eu-west-1"}} for r in reads}
    data = {"terraform_remote_state": remote} if reads else {}
    return {
        "terraform": {
            "backend": {"s3": {"bucket": "b", "key": f"poc/{name}", "encrypt": True}},
            "required_providers": {"aws": {"source": "aws", "version": "~> 5.100"}},
            "required_version": ">= 1.10",
        },
        "provider": PROVIDER,
        **blocks,
        "data": data | blocks.get("data", {}),
    }


NETWORK = stack(
    "network",
    resource={"aws_vpc": {"own": {"cidr_block": "10.0.0.0/16", "tags": {"Name": "own"}}}},
    output={
        "vpc_id": {"value": "${aws_vpc.own.id}", "description": "The VPC"},
        "subnet_ids": {"value": ["${aws_subnet.a.id}"], "description": "Its subnets"},
        "key_arn": {"value": "${aws_vpc.own.arn}", "description": "Of the network"},
        "group_ids": {"value": "${data.aws_security_groups.brought.ids}", "description": "Groups"},
    },
)
KEYS = stack("keys", output={"key_arn": {"value": "${aws_kms_key.own.arn}", "description": "The key"}})


def module(document: dict[str, Any], name: str = "own", assets: dict[str, bytes] | None = None) -> Module:
    return module_of(name, {"network": NETWORK, "keys": KEYS, name: document}, assets or {}, ())


def role(**attributes: Any) -> dict[str, Any]:
    return {"aws_iam_role": {"worker": attributes}}


def test_a_read_of_another_stack_becomes_a_typed_and_described_variable() -> None:
    text = "${element(data.terraform_remote_state.network.outputs.subnet_ids, 0)}"
    made = module(stack("own", reads=("network",), resource=role(name=text)))
    assert made.main["resource"]["aws_iam_role"]["worker"]["name"] == "${element(var.subnet_ids, 0)}"
    assert "data" not in made.main
    assert made.wires["subnet_ids"] == Wire("network", "subnet_ids")
    variable = made.variables["subnet_ids"]
    assert variable["type"] == "list(string)"
    assert variable["description"] == "Its subnets: output subnet_ids of module network"
    assert "^subnet-" in variable["validation"][0]["condition"]


def test_an_output_that_is_one_reference_is_a_list_where_its_name_is_a_plural() -> None:
    text = "${data.terraform_remote_state.network.outputs.group_ids}"
    made = module(stack("own", reads=("network",), resource=role(name=text)))
    assert made.variables["group_ids"]["type"] == "list(string)"


def test_two_outputs_of_one_name_become_two_variables() -> None:
    text = "${data.terraform_remote_state.network.outputs.key_arn}${data.terraform_remote_state.keys.outputs.key_arn}"
    made = module(stack("own", reads=("network", "keys"), resource=role(name=text)))
    assert made.main["resource"]["aws_iam_role"]["worker"]["name"] == "${var.network_key_arn}${var.keys_key_arn}"
    assert set(made.wires) == {"network_key_arn", "keys_key_arn"}


def test_a_read_does_not_take_the_name_of_a_variable_that_is_there() -> None:
    own = {"vpc_id": {"type": "bool", "default": False}}
    text = "${data.terraform_remote_state.network.outputs.vpc_id}"
    made = module(stack("own", reads=("network",), variable=own, resource=role(name=text)))
    assert made.variables["vpc_id"] == own["vpc_id"]
    assert made.main["resource"]["aws_iam_role"]["worker"]["name"] == "${var.network_vpc_id}"


def test_the_state_of_another_estate_stays_a_data_source() -> None:
    platform = {"backend": "s3", "config": {"bucket": "theirs", "key": "platform", "region": "eu-west-1"}}
    text = "${data.terraform_remote_state.platform.outputs.vpc_id}"
    document = stack("own", resource=role(name=text), data={"terraform_remote_state": {"platform": platform}})
    made = module(document)
    assert made.main["data"] == {"terraform_remote_state": {"platform": platform}}
    assert made.main["resource"]["aws_iam_role"]["worker"]["name"] == text
    assert set(made.variables) == {"tags"}


@pytest.mark.parametrize("rest", ['outputs["vpc_id"]', "defaults", "outputs"])
def test_a_read_in_another_way_is_refused(rest: str) -> None:
    document = stack("own", reads=("network",), resource=role(name=f"${{data.terraform_remote_state.network.{rest}}}"))
    with pytest.raises(OperationError, match=r"only `outputs\.<name>`"):
        module(document)


def test_a_read_of_what_is_no_output_is_refused() -> None:
    text = "${data.terraform_remote_state.network.outputs.domain_id}"
    with pytest.raises(OperationError, match="stack own reads domain_id of network, which does not output it"):
        module(stack("own", reads=("network",), resource=role(name=text)))


def test_what_waited_for_a_read_waits_no_longer() -> None:
    waiting = role(name="x", depends_on=["data.terraform_remote_state.network", "aws_vpc.own"])
    made = module(stack("own", reads=("network",), resource=waiting))
    assert made.main["resource"]["aws_iam_role"]["worker"]["depends_on"] == ["aws_vpc.own"]


def test_tags_of_the_provider_are_on_the_resources_and_their_own_win() -> None:
    resources = role(name="x") | {
        "aws_vpc": {"own": {"tags": {"Name": "own"}}, "other": {"tags": "${var.more}"}},
        "aws_iam_role_policy": {"policy": {"policy": "{}"}},
    }
    main = module(stack("own", resource=resources)).main
    assert main["locals"]["tags"] == '${merge(var.tags, {"Environment" = "poc", "Project" = "x"})}'
    assert main["resource"]["aws_iam_role"]["worker"]["tags"] == "${local.tags}"
    assert main["resource"]["aws_vpc"]["own"]["tags"] == '${merge(local.tags, {"Name" = "own"})}'
    assert main["resource"]["aws_vpc"]["other"]["tags"] == "${merge(local.tags, var.more)}"
    assert "tags" not in main["resource"]["aws_iam_role_policy"]["policy"]


def test_tags_that_cannot_be_merged_are_refused() -> None:
    resources = {"aws_vpc": {"own": {"tags": {"Name": 'a ${upper("b")}'}}}}
    with pytest.raises(OperationError, match=r"aws_vpc\.own: the tag"):
        module(stack("own", resource=resources))


def test_a_module_with_objects_takes_no_more_tags_than_an_object_bears() -> None:
    validations = module(stack("own", resource={"aws_s3_object": {"code": {}}})).variables["tags"]["validation"]
    assert "${length(var.tags) <= 8}" in [rule["condition"] for rule in validations]


def test_files_are_found_below_the_module() -> None:
    function = {"aws_lambda_function": {"own": {"filename": "assets/own/abc.zip"}}}
    made = module(stack("own", resource=function), assets={"assets/own/abc.zip": b"zip"})
    assert made.main["resource"]["aws_lambda_function"]["own"]["filename"] == "${path.module}/assets/own/abc.zip"
    assert made.files()["assets/own/abc.zip"] == b"zip"


@pytest.mark.parametrize("text", ["assets/own/gone.zip", '${filebase64("assets/own/abc.zip")}'])
def test_a_file_that_the_module_could_not_find_is_refused(text: str) -> None:
    function = {"aws_lambda_function": {"own": {"filename": text}}}
    with pytest.raises(OperationError, match="a file of the stack"):
        module(stack("own", resource=function), assets={"assets/own/abc.zip": b"zip"})


def test_a_module_has_neither_backend_nor_provider_and_says_which_versions_it_needs() -> None:
    made = module(stack("own", resource=role(name="x")))
    aws = {"source": "hashicorp/aws", "version": "~> 5.100"}
    assert made.terraform == {"required_providers": {"aws": aws}, "required_version": ">= 1.10"}
    assert b'"provider"' not in b"".join(made.files().values())
    assert b'"backend"' not in b"".join(made.files().values())


def test_a_module_refuses_another_account_and_another_region() -> None:
    data = module(stack("own", resource=role(name="x"))).guard["data"]
    account = data["aws_caller_identity"]["exported"]["lifecycle"]["postcondition"][0]
    region = data["aws_region"]["exported"]["lifecycle"]["postcondition"][0]
    assert account["condition"] == '${contains(["123456789012"], self.account_id)}'
    assert region["condition"] == '${self.id == "eu-west-1"}'


@pytest.mark.parametrize(
    ("blocks", "said"),
    [
        ({"import": [{"to": "aws_vpc.own", "id": "vpc-1"}]}, "it has import"),
        ({"provider": {"aws": [{"region": "a"}, {"alias": "b"}]}}, "it has several configurations"),
        ({"provider": {"aws": [{"default_tags": [{"tags": {}}, {"tags": {}}]}]}}, "it has default_tags twice"),
    ],
)
def test_what_a_module_cannot_have_is_refused(blocks: dict[str, Any], said: str) -> None:
    with pytest.raises(OperationError, match=f"stack own cannot become a module: {said}"):
        module(stack("own") | blocks)


def test_moved_blocks_are_in_a_file_of_their_own() -> None:
    moved = [{"from": "aws_vpc.old", "to": "aws_vpc.own"}]
    files = module(stack("own", resource=role(name="x"), moved=moved)).files()
    assert b"aws_vpc.old" in files["moved.tf.json"]
    assert b"moved" not in files["main.tf.json"]


def joined(*documents: tuple[str, dict[str, Any], tuple[str, ...]]) -> Module:
    """The root of some stacks: name, Terraform, what must be applied before."""
    everything = {name: document for name, document, _ in documents} | {"state": STATE}
    return root_of([module_of(name, everything, {}, after) for name, _, after in documents])


STATE = stack("state", output={"state_key_arn": {"value": "${aws_kms_key.own.arn}", "description": "Its key"}})


def reading(producer: str, output: str) -> dict[str, Any]:
    text = f"${{data.terraform_remote_state.{producer}.outputs.{output}}}"
    return stack("own", reads=(producer,), resource=role(name=text))


def test_the_root_joins_outputs_to_variables_and_asks_for_the_rest() -> None:
    root = joined(
        ("keys", KEYS, ()), ("a", reading("keys", "key_arn"), ("keys",)), ("b", reading("state", "state_key_arn"), ())
    )
    calls = root.main["module"]
    assert calls["a"] == {"source": "./a", "key_arn": "${module.keys.key_arn}", "tags": "${var.tags}"}
    assert calls["b"]["state_key_arn"] == "${var.state_key_arn}"
    assert set(root.variables) == {"tags", "state_key_arn"}
    assert root.variables["state_key_arn"]["description"] == "Its key"
    assert root.outputs["key_arn"] == {"value": "${module.keys.key_arn}", "description": "The key"}


def test_an_order_that_no_reference_shows_is_said() -> None:
    calls = joined(("keys", KEYS, ()), ("a", stack("a", resource=role(name="x")), ("keys", "state"))).main["module"]
    assert calls["a"]["depends_on"] == ["module.keys"]


def test_variables_of_one_name_and_two_meanings_stay_two() -> None:
    number = {"limit": {"type": "number", "description": "How many"}}
    text = {"limit": {"type": "string", "description": "Until when"}}
    root = joined(("a", stack("a", variable=number), ()), ("b", stack("b", variable=text), ()))
    assert root.main["module"]["a"]["limit"] == "${var.a_limit}"
    assert root.main["module"]["b"]["limit"] == "${var.b_limit}"
    assert root.variables["b_limit"]["type"] == "string"


def test_outputs_of_one_name_stay_two() -> None:
    root = joined(("keys", KEYS, ()), ("network", NETWORK, ()))
    assert root.outputs["keys_key_arn"]["value"] == "${module.keys.key_arn}"
    assert root.outputs["network_key_arn"]["value"] == "${module.network.key_arn}"


NAMES = st.sampled_from(["vpc_id", "subnet_ids", "key_arn", "group_ids"])


@given(reads=st.lists(NAMES, min_size=1, max_size=6), text=st.text("ab-${}.,", max_size=8))
def test_whatever_is_read_nothing_of_the_state_is_left_and_every_variable_is_used(reads: list[str], text: str) -> None:
    expressions = [f"${{data.terraform_remote_state.network.outputs.{name}}}" for name in reads]
    made = module(stack("own", reads=("network",), resource=role(name=text.join(expressions))))
    name = made.main["resource"]["aws_iam_role"]["worker"]["name"]
    assert name == text.join(f"${{var.{read}}}" for read in reads)
    assert set(made.wires) == set(reads)
