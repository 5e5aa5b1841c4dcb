"""What is dangerous about changes. A rule is a function that looks at one change and tells what it finds.

`table` interprets data/rules/; `policies`, `network`, `expiry`, `pipeline` and `functions` see more than one
resource's attributes; `upstream` tells what changes of other stacks will do, `usual` of what no rule spoke of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sagekeep.review.context import Context
from sagekeep.review.model import Change, Finding
from sagekeep.review.rules import attachments, expiry, functions, lists, network, pipeline, policies, table

Rule = Callable[[Context, Change], Iterator[Finding]]

ALL: tuple[Rule, ...] = (
    table.look,
    policies.look,
    attachments.look,
    lists.look,
    network.look,
    expiry.look,
    pipeline.look,
    functions.look,
)
