"""The site editor's door with malformed files and drafts: always a sentence."""

import copy
import json
import tomllib

import msgspec
import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.service.test_site_edit import TEXT

from tocsin.errors import SiteError
from tocsin.service.site_edit import Draft
from tocsin.service.site_files import SiteFile, digest_of

VOLUME = """
[[site.volume]]
id = "strip"
kind = "runway"
line = [[11.0, 48.0], [11.01, 48.0]]
width_m = 60
ceiling_m = 120
"""
WHOLE = TEXT.replace("[[sensor]]", f"{VOLUME}\n[[sensor]]")
PLAIN = tomllib.loads(WHOLE)

ODD = st.sampled_from(
    [
        0, -1, 3, 10**18, 10**30, 10**400, 1e308, -1e308, 5e-324, float("inf"), float("nan"),
        True, "", "apron", "x" * 5000, "\x00", "ä\u2028", [], [[]], [1], [[1, 2]], [[1, "2"]],
        [[11.0, 48.0]] * 4, {}, {"id": "a"}, [{}], [{"id": "apron"}], [[[1]]],
    ]
)  # fmt: skip


def places_of(value, path=()):
    """Return the paths of all keys and places within a value."""
    found = [path] if path else []
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        below = isinstance(inner, dict | list)
        found += places_of(inner, (*path, key)) if below else [(*path, key)]
    return found


def spoilt(value, path, change, odd):
    """Return a copy with one place taken away, doubled, or put to something odd."""
    made = copy.deepcopy(value)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    if change == "without":
        del inner[path[-1]]
    elif change == "twice" and isinstance(inner, list):
        inner.append(copy.deepcopy(inner[path[-1]]))
    else:
        inner[path[-1]] = odd
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("sites")


def tried(folder, text, draft):
    """Return what the door says of a draft on a file: "" where both are right."""
    path = folder / "site.toml"
    path.write_bytes(text.encode())
    file = SiteFile(path, folder / "none")
    try:
        file.outline()
        body = json.dumps({"base": digest_of(file.text()), **draft})
        asked = msgspec.json.decode(body.encode(), type=Draft)
        file.try_draft(asked)
    except SiteError as error:
        return str(error)
    except msgspec.DecodeError as error:  # the web server's own answer: 400, with these words
        return str(error)
    return ""


def draft_of(plain):
    site = plain["site"][0]
    return {
        "sites": {site["id"]: {"zones": site["zone"], "volumes": site["volume"]}},
        "sensors": {s["id"]: {"lat": s["lat"], "lon": s["lon"]} for s in plain["sensor"]},
    }


def test_the_file_that_is_spoilt_here_is_right_before(folder):
    assert tried(folder, WHOLE, draft_of(PLAIN) | {"sensors": {}}) == ""


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(places_of(PLAIN)), st.sampled_from(["without", "twice", "odd"]), ODD)
def test_a_file_with_one_thing_wrong_gives_a_sentence_or_is_drawn(folder, path, change, odd):
    try:
        text = tomlkit.dumps(spoilt(PLAIN, path, change, odd))
    except ValueError:  # no TOML says this
        return
    says = tried(folder, text, draft_of(PLAIN))
    assert says == "" or len(says.split()) > 3


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(places_of(draft_of(PLAIN))),
    st.sampled_from(["without", "twice", "odd"]),
    ODD,
)
def test_a_draft_with_one_thing_wrong_gives_a_sentence_or_is_taken(folder, path, change, odd):
    says = tried(folder, WHOLE, spoilt(draft_of(PLAIN), path, change, odd))
    assert says == "" or len(says.split()) > 3


@pytest.mark.parametrize(
    ("zone", "says"),
    [
        (
            {"name": "Mess"},
            "zone number 3 of site 'north', 'Mess', has no id; give a short one",
        ),
        ({"id": "hall"}, "zone number 3 of site 'north' has the id 'hall' of another"),
        ({"id": 7}, "zone number 3 of site 'north' has an id that is no text: 7"),
        (
            {"id": "mess", "polygon": [[11, None]]},
            "zone mess of site north: polygon has a place w",
        ),
        ({"id": "mess", "name": {"a": 1}}, "zone mess of site north: name is neither a number"),
        (
            {"id": "mess", "polygon": [[[1]]]},
            "polygon is neither a number, a text, a place nor",
        ),
    ],
)
def test_a_zone_that_cannot_be_is_named_with_what_it_lacks(folder, zone, says):
    draft = draft_of(PLAIN) | {"sensors": {}}
    draft["sites"]["north"]["zones"] = [*PLAIN["site"][0]["zone"], zone]
    assert says in tried(folder, WHOLE, draft)


@pytest.mark.parametrize(
    ("was", "made", "says"),
    [
        ('id = "hall"\n', "", "zone number 2 has no id; give a short one, for example"),
        (
            "elevation_m = 500",
            "elevation_m = inf",
            "site 'north', elevation_m is inf; give a n",
        ),
        ("shelter_s = 60", "shelter_s = nan", "zone 'apron', shelter_s is nan; give a number"),
        ("shelter_s = 60", f"shelter_s = 1{'0' * 400}", "shelter_s is 1000"),
        ("schema = 1", f"schema = 1\nx = {'[' * 4000}{']' * 4000}", "lists within lists"),
    ],
)
def test_a_file_that_hands_made_wrong_is_not_drawn_and_says_why(folder, was, made, says):
    assert was in WHOLE
    told = tried(folder, WHOLE.replace(was, made), draft_of(PLAIN))
    assert says in told
    assert len(told) < 400
