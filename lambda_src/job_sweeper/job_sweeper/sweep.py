"""Waits until SageMaker has deleted the network interfaces of jobs and endpoints.

DeleteEndpoint and StopTrainingJob return long before that, and SageMaker needs the execution role for it: "Do not
delete or revoke the permissions for your ExecutionRoleArn, otherwise SageMaker cannot delete these resources"
(API reference, DeleteEndpoint). It takes up to 15 minutes (hashicorp/terraform-provider-aws, issue 34397).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from job_sweeper.endpoints import serving
from job_sweeper.requests import AwaitInterfaces
from sagekeep_runtime.errors import FunctionError, OutOfTime, code_of
from sagekeep_runtime.interfaces import Interface, described, in_group
from sagekeep_runtime.retry import Budget

log = logging.getLogger(__name__)

# SageMaker deletes an interface soon after it is in use no longer; one that stays so long, it has given up.
GIVEN_UP_SECONDS = 300.0
_GONE = "InvalidNetworkInterfaceID.NotFound"
_IN_USE = frozenset({"InvalidParameterValue", "InvalidNetworkInterface.InUse"})


def run(request: AwaitInterfaces, *, client: Callable[[str], Any], budget: Budget) -> dict[str, Any]:
    """Waits when Terraform deletes; `client` makes the client of a named service.

    Raises OutOfTime while an interface is still there in a network that is ours, and FunctionError at once where an
    endpoint serves that the pipeline did not make. In a network of others, where others' jobs may share the group, what
    is there when the time is over is only reported.
    """
    if request.terraform != "delete" or request.removal == "retain":
        return {"status": "nothing to do"}
    if not request.own_network and not request.own_role:
        return {"status": "nothing to wait for", "reason": "neither the network nor the role goes"}
    watch = _Watch(request, client("ec2"), client("sagemaker"), budget)
    try:
        budget.wait(watch.pending, every=5.0)
    except OutOfTime:
        if request.own_network:
            raise
        log.warning("left alone: others may use this group", extra={"interfaces": described(watch.left)})
    answer = watch.answer()
    log.info("interfaces are gone" if not watch.left else "interfaces are left", extra=answer)
    return answer


class _Watch:
    """What has been seen of the interfaces by this invocation."""

    def __init__(self, request: AwaitInterfaces, ec2: Any, sagemaker: Any, budget: Budget) -> None:
        self._request, self._ec2, self._sagemaker, self._budget = request, ec2, sagemaker, budget
        self._began = budget.remaining()
        self._unused: dict[str, float] = {}  # interface -> the time that was left when it was first seen unused
        self._waited_for: dict[str, str] = {}  # interface -> what it was called
        self._deleted: list[str] = []
        self.left: list[Interface] = []

    def pending(self) -> str:
        """What is still there; nothing when all is gone."""
        request = self._request
        first = not self._waited_for
        self.left = in_group(
            request.security_group_id, ec2=self._ec2, budget=self._budget, subnet_ids=request.subnet_ids
        )
        if self.left and first:
            self._refuse_while_serving()
        names = described(self.left)
        for item, name in zip(self.left, names, strict=True):
            self._waited_for.setdefault(item["NetworkInterfaceId"], name)
        if request.own_network:
            self._sweep()
        return (
            f"{len(names)} network interface(s) of jobs or endpoints are still in security group "
            f"{request.security_group_id}, and SageMaker needs the role {request.job_role_arn} to delete them: "
            f"{', '.join(names)}"
            if names
            else ""
        )

    def answer(self) -> dict[str, Any]:
        """What was waited for, how long, and what had to be deleted here."""
        return {
            "status": "left" if self.left else "gone",
            "security_group": self._request.security_group_id,
            "waited_for": sorted(self._waited_for.values()),
            "waited_seconds": round(self._began - self._budget.remaining()),
            "deleted": sorted(self._deleted),
        }

    def _refuse_while_serving(self) -> None:
        request = self._request
        names = serving(request.security_group_id, request.job_role_arn, client=self._sagemaker, budget=self._budget)
        if names:
            raise FunctionError(
                f"Endpoint(s) {', '.join(names)} still serve with the role {request.job_role_arn} in security group "
                f"{request.security_group_id}. The pipeline did not make them, so they are left alone, and role and "
                "network stay for them. Delete them (aws sagemaker delete-endpoint --endpoint-name NAME), then run the "
                "same terraform command again."
            )

    def _sweep(self) -> None:
        """The last resort: delete what SageMaker has left unused."""
        for item in self.left:
            interface_id, now = item["NetworkInterfaceId"], self._budget.remaining()
            if item.get("Status") != "available":
                self._unused.pop(interface_id, None)
            elif self._unused.setdefault(interface_id, now) - now >= GIVEN_UP_SECONDS:
                self._delete(interface_id)

    def _delete(self, interface_id: str) -> None:
        try:
            self._budget.settle(self._ec2.delete_network_interface, NetworkInterfaceId=interface_id)
        except ClientError as error:
            if code_of(error) not in _IN_USE | {_GONE}:
                raise
            return
        self._deleted.append(interface_id)
        log.warning("deleted: SageMaker had left it unused", extra={"interface": interface_id})
