"""Estates of which others have made a part: few combinations that have every two options together at least once.

An option is a thing and whose it is. A row has one option of every thing; `rows` covers all pairs of options that
settings may have at once. `estate_settings.document` makes settings of a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

Row = dict[str, str]
Option = tuple[str, str]
Pair = tuple[Option, Option]

WHOSE = ("ours", "theirs")
# Thing -> its options; with the first one of each nothing is brought.
THINGS: dict[str, tuple[str, ...]] = {
    "found_by": ("id", "tags", "ssm", "state"),
    "endpoints": ("ours", "s3", "interfaces", "all"),
    "groups": ("ours", "endpoints", "all"),
    "vpc": WHOSE,
    "subnets": WHOSE,
    "route_tables": WHOSE,
    "associate_s3": ("no", "yes"),
    "flow_logs": ("off", "on"),
    **{f"keys.{purpose}": WHOSE for purpose in ("data", "logs", "studio", "state")},
    **dict.fromkeys(("data_bucket", "access_log_bucket", "state_bucket", "domain", "topic"), WHOSE),
    **{f"roles.{name}": WHOSE for name in ("job", "pipeline", "studio", "flow-logs", "studio-sweeper", "functions")},
}

# What has the options on the left has one of those on the right (sagekeep/rules_existing.py, rules_brought.py).
_RULES = """
subnets=theirs                                       -> vpc=theirs
route_tables=theirs                                  -> vpc=theirs
groups=endpoints|all                                 -> vpc=theirs
endpoints=s3|interfaces|all                          -> vpc=theirs
endpoints=interfaces|all                             -> groups=endpoints|all
subnets=theirs endpoints=ours|interfaces             -> route_tables=theirs
subnets=ours endpoints=s3|all                        -> route_tables=theirs associate_s3=yes
associate_s3=yes                                     -> endpoints=s3|all
associate_s3=yes subnets=theirs                      -> route_tables=theirs
flow_logs=on                                         -> vpc=theirs
roles.flow-logs=theirs vpc=theirs                    -> flow_logs=on
data_bucket=theirs                                   -> keys.data=theirs
domain=theirs                                        -> vpc=theirs
domain=theirs                                        -> keys.studio=theirs
domain=theirs                                        -> roles.studio-sweeper=ours
"""


def _options(text: str) -> dict[str, tuple[str, ...]]:
    parts = (part.split("=") for part in text.split())
    return {thing: tuple(values.split("|")) for thing, values in parts}


RULES = [(_options(left), _options(right)) for left, right in (r.split("->") for r in _RULES.strip().splitlines())]


def _broken(row: Mapping[str, str]) -> bool:
    """Whether a row, though other things are added, breaks a rule."""
    return any(
        all(row.get(thing) in values for thing, values in left.items())
        and all(thing in row and row[thing] not in values for thing, values in right.items())
        for left, right in RULES
    )


def _completes(row: Row) -> bool:
    """Whether the things that a row lacks can be added."""
    if _broken(row):
        return False
    lacking = next((thing for thing in THINGS if thing not in row), None)
    return lacking is None or any(_completes({**row, lacking: value}) for value in THINGS[lacking])


def pairs() -> Iterator[Pair]:
    """Every two options of different things."""
    options = [(thing, value) for thing, values in THINGS.items() for value in values]
    return ((one, other) for one, other in combinations(options, 2) if one[0] != other[0])


def pairs_of(row: Row) -> set[Pair]:
    """The pairs of a row, written as `pairs` writes them."""
    return set(combinations([(thing, row[thing]) for thing in THINGS if thing in row], 2))


def rows() -> list[Row]:
    """Rows that cover every pair, greedily: each begins with a pair that is missing and takes most of the others."""
    missing = dict.fromkeys(pair for pair in pairs() if _completes(dict(pair)))
    made: list[Row] = []
    while missing:
        row = dict(next(iter(missing)))
        for thing in (thing for thing in THINGS if thing not in row):
            fit = [value for value in THINGS[thing] if _completes({**row, thing: value})]
            row[thing] = max(fit, key=lambda value: len(pairs_of({**row, thing: value}) & missing.keys()))
        made.append(row)
        for pair in pairs_of(row):
            missing.pop(pair, None)
    return made
