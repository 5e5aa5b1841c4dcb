"""StartPipelineExecution: parameters, idempotence, and what cannot run here."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagekeep.local.sagemaker import AwsError
from sagekeep.local.sagemaker.parameters import parameter_values
from tests.local.fake_platform import RunningAccount
from tests.local.fake_world import CALLER, TOKEN
from tests.local.pipeline_document import create, definition, model, prepare


@pytest.fixture
def account() -> RunningAccount:
    return RunningAccount()


def refusal_of(account: RunningAccount, **start: Any) -> AwsError:
    with pytest.raises(AwsError) as refusal:
        account.start(**start)
    return refusal.value


def given_as(**values: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in values.items()]


def test_an_execution_is_described_as_it_was_started(account: RunningAccount) -> None:
    arn = account.run(
        PipelineExecutionDisplayName="nightly",
        PipelineExecutionDescription="all rows",
        PipelineParameters=given_as(MinScore="0.9"),
        ParallelismConfiguration={"MaxParallelExecutionSteps": 3},
    )
    execution = account.execution(arn)
    assert execution["PipelineExecutionStatus"] == "Executing"
    assert execution["PipelineExecutionDisplayName"] == "nightly"
    assert execution["PipelineExecutionDescription"] == "all rows"
    assert execution["ParallelismConfiguration"] == {"MaxParallelExecutionSteps": 3}
    assert execution["CreatedBy"]["IamIdentity"]["Arn"] == CALLER.arn
    parameters = account("ListPipelineParametersForExecution", PipelineExecutionArn=arn)["PipelineParameters"]
    assert parameters == given_as(MinScore="0.9")
    assert account("DescribePipeline", PipelineName="p")["LastRunTime"] == execution["CreationTime"]


def test_the_same_token_starts_once(account: RunningAccount) -> None:
    arn = account.run(ClientRequestToken=TOKEN)
    assert account.start(ClientRequestToken=TOKEN) == arn
    assert account.start(ClientRequestToken="1" * 32) != arn
    assert len(account("ListPipelineExecutions", PipelineName="p")["PipelineExecutionSummaries"]) == 2


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (given_as(Minscore="1"), "'Minscore' is not declared in the pipeline definition: use Instance, MinScore"),
        (given_as(MinScore="high"), "Value 'high' of parameter 'MinScore' is no Float"),
        (given_as(MinScore="NaN"), "'MinScore' is no Float"),
        (given_as(MinScore="1e999"), "'MinScore' is no Float"),
        (given_as(MinScore="true"), "'MinScore' is no Float"),
        (given_as(Instance="ml.p5.48xlarge"), "is not among ml.m5.large"),
        (given_as(MinScore="1") * 2, "'MinScore' is given twice"),
    ],
)
def test_parameters_that_the_definition_does_not_take_are_refused(
    account: RunningAccount, parameters: list[dict[str, str]], message: str
) -> None:
    create(account)
    refusal = refusal_of(account, PipelineParameters=parameters)
    assert refusal.code == "ValidationException"
    assert message in refusal.message
    assert account("ListPipelineExecutions", PipelineName="p")["PipelineExecutionSummaries"] == []


def test_a_parameter_without_default_needs_a_value(account: RunningAccount) -> None:
    document = definition()
    del document["Parameters"][0]["DefaultValue"]
    create(account, document)
    assert "'Instance' has no default value" in refusal_of(account).message
    account.start(PipelineParameters=given_as(Instance="ml.m5.large"))


@given(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.text()))
def test_a_value_comes_back_in_its_own_type(value: Any) -> None:
    kind = {int: "Integer", float: "Float", bool: "Boolean", str: "String"}[type(value)]
    read = parameter_values([{"Name": "p", "Type": kind}], given_as(p=str(value)))["p"]
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"PipelineExecutionDisplayName": "under_score"}, "regular expression"),
        ({"PipelineName": "nobody"}, "does not exist"),
        ({"ClientRequestToken": "short"}, "length"),
    ],
)
def test_a_request_that_breaks_a_rule_is_refused(
    account: RunningAccount, changes: dict[str, Any], message: str
) -> None:
    create(account)
    assert message in refusal_of(account, **changes).message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"SelectiveExecutionConfig": {"SelectedSteps": [{"StepName": "Train"}]}}, "SelectiveExecutionConfig"),
        ({"PipelineVersionId": 7}, "PipelineVersionId 7"),
        ({"MlflowExperimentName": "x"}, "MlflowExperimentName"),
    ],
)
def test_another_way_of_running_is_not_modelled(account: RunningAccount, changes: dict[str, Any], message: str) -> None:
    create(account)
    refusal = refusal_of(account, **changes)
    assert refusal.status == 501
    assert message in refusal.message


def test_the_present_version_may_be_named(account: RunningAccount) -> None:
    create(account)
    assert account.status(account.start(PipelineVersionId=1)) == "Executing"


LAMBDA = {"Name": "Notify", "Type": "Lambda", "FunctionArn": "f", "Arguments": {}, "OutputParameters": []}
CACHED = {"Enabled": True, "ExpireAfter": "P1D"}
VARIANT = {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
CONFIG = {"EndpointConfigName": "c", "ProductionVariants": [VARIANT]}


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (LAMBDA, "Lambda steps (step 'Notify')"),
        (
            {"Name": "C", "Type": "EndpointConfig", "Arguments": CONFIG, "CacheConfig": CACHED},
            "caching of EndpointConfig",
        ),
        (model() | {"Arguments": model()["Arguments"] | {"ModelName": "mine"}}, "ModelName in the arguments of step"),
    ],
)
def test_a_step_that_cannot_run_here_is_named_before_anything_runs(
    account: RunningAccount, step: dict[str, Any], message: str
) -> None:
    document = definition()
    document["Steps"][2] = step
    create(account, document)
    refusal = refusal_of(account)
    assert refusal.status == 501
    assert message in refusal.message
    assert account.platform.jobs == {}


def test_experiments_are_not_modelled(account: RunningAccount) -> None:
    create(account, definition() | {"PipelineExperimentConfig": {"ExperimentName": "e", "TrialName": "t"}})
    assert "PipelineExperimentConfig" in refusal_of(account).message


def test_an_execution_under_a_role_that_cannot_be_assumed_fails_with_that_reason(account: RunningAccount) -> None:
    create(account, {**definition(), "Steps": [prepare()]})
    account.world.roles.clear()
    execution = account.execution(account.start())
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert "Could not assume role" in execution["FailureReason"]
    assert account.platform.jobs == {}
