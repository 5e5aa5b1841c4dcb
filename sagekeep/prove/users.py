"""Rows of Studio's users: where each has a role of its own, what is asked of the shared role is asked of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sagekeep.prove.rows import Row, callers

STUDIO = "studio"


def with_users(rows: Iterable[Row], settings: Mapping[str, Any]) -> Iterator[Row]:
    """The rows, and after each of Studio's one for every user who has a role: `<id>.<user>`."""
    studio = settings.get("studio", {})
    users = studio.get("users", ()) if studio.get("role_per_user") else ()
    for row in rows:
        yield row
        if row.who == STUDIO:
            yield from (_of(row, user) for user in users)


def _of(row: Row, user: str) -> Row:
    context = {**callers()[STUDIO].context, **row.context}
    return replace(
        row,
        id=f"{row.id}.{user.lower()}",
        who=f"{STUDIO}-{user.lower()}",
        resources=tuple(_name(text, user) for text in row.resources),
        context={key: tuple(_name(text, user) for text in texts) for key, texts in context.items()},
    )


def _name(text: str, user: str) -> str:
    return text.replace("{profile}", user)
