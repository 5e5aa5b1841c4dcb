"""Section `[ci]` of the settings: which pipeline of a code host plans and deploys."""

from __future__ import annotations

from pydantic import Field

from sagekeep.settings_fields import Branch, GithubEnvironment, Repository, VpcId
from sagekeep.settings_section import Section


class Ci(Section):
    """Whose jobs may assume the plan role and the deploy role; see docs/ci.md."""

    github_repository: Repository = Field(
        "", description="repository whose pull requests plan and whose branch deploys; empty: another CI, or none"
    )
    github_branch: Branch = Field("main", description="branch that deploys, where no environment is named")
    github_environment: GithubEnvironment = Field(
        "", description="protected GitHub environment that deploys; its own rules say who may and from which branch"
    )
    vpc_id: VpcId = Field(
        "", description="the environment's own VPC once it is deployed: the deploy role removes interfaces there only"
    )
