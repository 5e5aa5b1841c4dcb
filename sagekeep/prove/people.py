"""Rows that stand for several people: users who have a role of their own, and whoever may assume a persona's role."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sagekeep.prove.identity import sample
from sagekeep.prove.rows import Row, callers

STUDIO = "studio"  # the domain's role; what is asked of it is asked of each user's, too
USER = "user"  # each user's role
# Whoever may assume a persona's role: all, or IAM's users only.
PRINCIPALS = {"principal": ("role", "user"), "principal-user": ("user",)}
NOBODY = "another-user"  # who has no profile
_PERSONA = "{persona}"


def with_people(rows: Iterable[Row], settings: Mapping[str, Any]) -> Iterator[Row]:
    """The rows, and in the place of those that stand for several people one for each.

    After a row of Studio's comes one for every user who has a role: `<id>.<user>`; of `user` rows those alone. A row
    that names `{persona}` is one for each persona, `<id>.<persona>`, and of a `principal` one for each ARN that may be
    it: `<id>.<persona>.<number>`.
    Where there is nobody the row stays, and says so.
    """
    for row in rows:
        if _PERSONA in "".join((row.who, *row.resources, *row.stopped_by)):
            yield from _of_personas(row, settings) or [replace(row, absent="nobody whom the settings name is that")]
        elif row.who == USER:
            yield from _of_users(row, settings) or [replace(row, absent="no user has a role")]
        else:
            yield row
            if row.who == STUDIO:
                yield from _of_users(row, settings)


def _of_users(row: Row, settings: Mapping[str, Any]) -> list[Row]:
    studio = settings.get("studio", {})
    users = studio.get("users", ()) if studio.get("role_per_user") else ()
    return [_of_user(row, user, users) for user in users]


def _of_user(row: Row, user: str, users: Sequence[str]) -> Row:
    other = next((name for name in users if name != user), NOBODY)
    words = {"{profile}": user, "{other_user}": other}
    own = {**callers()[STUDIO].context, **row.context}
    return replace(_filled(replace(row, context=own), words), id=f"{row.id}.{user.lower()}", who=f"{STUDIO}-{user}")


def _of_personas(row: Row, settings: Mapping[str, Any]) -> list[Row]:
    found = []
    for name, persona in settings.get("personas", {}).items():
        principals = persona.get("principals", ()) if isinstance(persona, Mapping) else ()
        purpose = name.replace("_", "-")
        if not principals:
            continue
        one = _filled(replace(row, id=f"{row.id}.{purpose}", who=row.who.replace(_PERSONA, purpose)), {_PERSONA: name})
        if row.who in PRINCIPALS:
            wanted = [arn for arn in principals if _kind(arn) in PRINCIPALS[row.who]]
            found += [_of_principal(one, arn, number, settings) for number, arn in enumerate(wanted, 1)]
        else:
            found.append(one)
    return found


def _kind(arn: str) -> str:
    return arn.rpartition(":")[2].partition("/")[0]


def _of_principal(row: Row, arn: str, number: int, settings: Mapping[str, Any]) -> Row:
    """Sessions of roles carry no MFA: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html."""
    asked = settings["personas"].get("require_mfa") and _kind(arn) == "user"
    mfa = {"aws:MultiFactorAuthPresent": ("true",)} if asked else {}
    context = {**callers()[row.who].context, **mfa, **row.context}
    return replace(row, id=f"{row.id}.{number}", who=sample(arn), context=context, granted=True)


def _filled(row: Row, words: Mapping[str, str]) -> Row:
    def fill(texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(_replaced(text, words) for text in texts)

    context = {key: fill(texts) for key, texts in row.context.items()}
    return replace(row, resources=fill(row.resources), stopped_by=fill(row.stopped_by), context=context)


def _replaced(text: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text
