"""The mark that says where in a VPC a process runs."""

from __future__ import annotations

import base64
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagekeep.local.place import Place, proxy_url, read_authorization

ids = st.text("0123456789abcdef", min_size=1, max_size=17)
places = st.builds(
    Place,
    ids.map("vpc-{}".format),
    st.lists(ids.map("subnet-{}".format), max_size=4).map(tuple),
    st.lists(ids.map("sg-{}".format), max_size=4).map(tuple),
)


def header_of(url: str) -> str:
    """What an HTTP client makes of the user part of its proxy's address."""
    user, _, password = urllib.parse.urlsplit(url).netloc.rpartition("@")[0].partition(":")
    pair = f"{urllib.parse.unquote(user)}:{urllib.parse.unquote(password)}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


@given(places, st.text(min_size=1))
def test_a_place_survives_its_way_through_a_client(place: Place, secret: str) -> None:
    assert read_authorization(header_of(proxy_url(1, place, secret)), secret) == place


@given(places, places)
def test_a_place_cannot_be_exchanged_for_another(mine: Place, other: Place) -> None:
    header = header_of(proxy_url(1, mine, "s").replace(mine.mark(), other.mark()))
    if mine == other:
        return
    with pytest.raises(ValueError, match="did not issue"):
        read_authorization(header, "s")


@given(st.text())
def test_any_other_header_is_refused(header: str) -> None:
    with pytest.raises(ValueError, match="proxy credentials"):
        read_authorization(header, "s")
