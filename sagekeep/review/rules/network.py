"""The network: what stands still when an endpoint, a subnet or a rule goes, and what is open to everybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sagekeep.review.context import Context, finding
from sagekeep.review.differences import differences, with_unknown
from sagekeep.review.model import Change, Finding, Risk, Severity
from sagekeep.review.naming import because, kind_of, name_of, table, what
from sagekeep.review.rules.openings import cidrs, is_everybody, new_sources, texts

_RULES = ("aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule", "aws_security_group_rule")
_BLOCKS = ("aws_s3_bucket_public_access_block", "aws_s3_account_public_access_block")
_MOST = 4


def look(context: Context, change: Change) -> Iterator[Finding]:
    """Findings about networks."""
    if change.type == "aws_vpc_endpoint":
        yield from _endpoint(context, change)
    elif change.type == "aws_subnet" and change.destroys:
        yield _gone(context, change, "subnet-removed", str(change.before.get("id", "")))
    elif change.type == "aws_security_group" and change.destroys:
        yield _gone(context, change, "security-group-removed", str(change.before.get("id", "")))
    elif change.type in _RULES:
        yield from _rule(context, change)
    elif change.type in ("aws_security_group", "aws_default_security_group"):
        yield from _inline(change)
    elif change.type in _BLOCKS and change.action in ("update", "create", "replace"):
        yield from _block(change)


def _endpoint(context: Context, change: Change) -> Iterator[Finding]:
    service = str(change.before.get("service_name", "")).split(".", 3)[-1]
    owner = context.owner_going(change)
    if owner and owner.type == "aws_vpc":
        yield finding(
            "goes-with-its-owner", Risk.HARMLESS, change, f"the endpoint of {service} goes with {what(owner)}"
        )
    elif change.destroys:
        yield _endpoint_gone(context, change, service)
    elif change.action == "update":
        for difference in differences(change):
            lost = set(texts(difference.before)) - set(texts(difference.after))
            if difference.path in ("subnet_ids", "route_table_ids") and lost:
                yield finding(
                    "endpoint-leaves-subnets",
                    Risk.OUTAGE,
                    change,
                    f"the endpoint of {service} leaves {', '.join(sorted(lost))}",
                    reason=f"calls to {service} from there find no way",
                    remedy="make sure that nothing runs there",
                    severity=Severity.MEDIUM,
                )
            elif difference.path == "private_dns_enabled" and difference.before is True:
                yield finding(
                    "endpoint-without-its-name",
                    Risk.OUTAGE,
                    change,
                    f"the endpoint of {service} no longer answers to the service's own name",
                    reason="clients that are not told the endpoint's address find no way",
                    remedy="keep private_dns_enabled = true",
                )


def _endpoint_gone(context: Context, change: Change, service: str) -> Finding:
    row = next((r for r in table("needs")["service"] if service in r["names"]), None)
    users = context.has(*row["types"]) if row else []
    needs = row["needs"] if row else f"what calls {service}"
    made_anew = change.action == "replace"
    return finding(
        "endpoint-removed",
        Risk.OUTAGE,
        change,
        f"the endpoint of {service} {f'is made anew because {because(change)}' if made_anew else 'goes'}: "
        f"{needs} {'finds no way to it meanwhile' if made_anew else 'finds no way to it'}",
        reason="a network without a way to the internet reaches AWS through its endpoints only"
        + (f"; it is needed by {_some(users)}" if users else ""),
        remedy="keep it, or apply while nothing runs"
        if made_anew
        else "keep it while anything in the network needs it",
        details=[f"needed by {user}" for user in users],
        severity=Severity.CRITICAL if users and not made_anew else Severity.HIGH,
    )


def _gone(context: Context, change: Change, rule: str, id: str) -> Finding:
    users = context.needing(id, but=change) if id else []
    kind = kind_of(change)
    return finding(
        rule,
        Risk.OUTAGE,
        change,
        f"{what(change)} ({id}) {f'is made anew because {because(change)}' if change.action == 'replace' else 'goes'}"
        + (f"; {_some(users)} still name{'s' if len(users) == 1 else ''} it" if users else ""),
        reason=f"what runs in a {kind} that goes stops; AWS refuses to delete it while a network interface is in it",
        remedy="move what is in it first",
        details=[f"named by {user}" for user in users],
        severity=Severity.CRITICAL if users else Severity.HIGH,
    )


def _some(users: list[str]) -> str:
    return ", ".join(users[:_MOST]) + (f" and {len(users) - _MOST} more" if len(users) > _MOST else "")


def _rule(context: Context, change: Change) -> Iterator[Finding]:
    if change.action in ("create", "update", "replace"):
        after = with_unknown(change.after, change.unknown)
        sources = new_sources([change.before], after)
        opened = [source for source in sources if is_everybody(source)]
        if opened:
            yield _opened(change, opened, ports(after))
        elif sources and change.after.get("security_group_id"):
            word = "lets out to" if _direction(change) == "outgoing rule" else "lets in"
            yield _added(change, f"the group {change.after['security_group_id']} {word}", sources, ports(after))
    if not change.destroys:
        return
    owner = context.owner_going(change)
    if owner:
        yield finding("goes-with-its-owner", Risk.HARMLESS, change, f"the {_direction(change)} goes with {what(owner)}")
        return
    group = str(change.before.get("security_group_id", ""))
    users = [u for u in context.needing(group, but=change) if "security_group" not in u.partition(": ")[2]]
    verb = "changes" if change.action == "replace" else "goes"
    used = f"the group {group} is used by {_some(users)}" if users else f"whatever is in the group {group} may need it"
    yield finding(
        "group-rule-removed",
        Risk.OUTAGE,
        change,
        f"the {_direction(change)} “{name_of(change)}” ({ports(change.before)}) {verb}: such connections are refused",
        reason=used,
        remedy="make sure that nothing needs the way, or keep the rule",
        details=[f"used by {user}" for user in users],
    )


def _added(change: Change, does: str, sources: list[str], port: str) -> Finding:
    """A way into or out of a group that exists."""
    return finding(
        "group-rule-added",
        Risk.WIDER,
        change,
        f"{does} {_some(sources)} on {port}",
        reason="such connections were refused until now",
        remedy="make sure that the way is needed, and as wide as this",
        severity=Severity.MEDIUM,
    )


def _rules(value: Any) -> list[dict[str, Any]]:
    return [rule for rule in value if isinstance(rule, dict)] if isinstance(value, list) else []


def _inline(change: Change) -> Iterator[Finding]:
    """Rules within a group."""
    for side, word in (("ingress", "lets in"), ("egress", "lets out to")):
        before = _rules(change.before.get(side))
        after = _rules(with_unknown(change.after, change.unknown).get(side))
        for rule in after:
            sources = new_sources(before, rule)
            opened = [source for source in sources if is_everybody(source)]
            if opened and (side == "ingress" or change.action == "update"):
                yield _opened(change, opened, ports(rule), word)
            elif sources and change.action == "update":
                yield _added(change, f"{what(change)} {word}", sources, ports(rule))
        gone = [rule for rule in before if rule not in after]
        if gone and change.action == "update":
            yield finding(
                "group-rule-removed",
                Risk.OUTAGE,
                change,
                f"{what(change)} loses {len(gone)} {side} rule{'s' * (len(gone) > 1)}",
                reason="connections that they let through are refused",
                remedy="make sure that nothing needs the way",
                details=[f"{ports(rule)} {', '.join(cidrs(rule))}".strip() for rule in gone],
                severity=Severity.MEDIUM,
            )


def _opened(change: Change, cidrs: list[str], port: str, word: str = "") -> Finding:
    word = word or ("lets out to" if _direction(change) == "outgoing rule" else "lets in")
    return finding(
        "group-open-to-everybody",
        Risk.WIDER,
        change,
        f"{what(change)} {word} everybody ({', '.join(cidrs)}) on {port}",
        reason="any address may connect" if word == "lets in" else "data can leave to any address",
        remedy="name the networks or groups that need the way",
        severity=Severity.CRITICAL if word == "lets in" else Severity.HIGH,
    )


def _direction(change: Change) -> str:
    outgoing = "egress" in change.type or change.before.get("type") == "egress" or change.after.get("type") == "egress"
    return "outgoing rule" if outgoing else "incoming rule"


def ports(side: Any) -> str:
    """`tcp 443`, `every port`."""
    protocol = side.get("ip_protocol", side.get("protocol"))
    first, last = side.get("from_port"), side.get("to_port")
    if protocol in ("-1", -1):
        return "every port"
    return f"{protocol} {first}" if first == last else f"{protocol} {first} to {last}"


def _block(change: Change) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"""
    names = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    off = [
        name
        for name in names
        if change.after.get(name) is not True
        and (change.before.get(name) is True or (change.action == "create" and change.unknown.get(name) is not True))
    ]
    if off:
        yield finding(
            "public-access-block-off",
            Risk.WIDER,
            change,
            f"{what(change)} blocks less: {', '.join(off)}",
            reason="a policy or an ACL that lets everybody in can be set, or takes effect",
            remedy="keep all four true",
        )
