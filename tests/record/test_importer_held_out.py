"""A second article, of another structure and in other words than the one that made the rules,
and one in another language with rules of its own: nothing is tuned on a single text.
"""

from pathlib import Path

import pytest
from tests.record.desk import Desk

from tocsin.record import Question, ask
from tocsin.record.contradictions import contradictions
from tocsin.record.importer import all_acts, propose, read_rules
from tocsin.record.importer.rules import DEFAULT_RULES

HERE = Path(__file__).parent
ARTICLE = (HERE / "article_two.html").read_bytes()
PRESS = ["src-halden-press", "src-the-meridian-standard"]


@pytest.fixture(scope="module")
def made():
    return propose(ARTICLE, "article_two.html")


def items(made, verb="assert", **fields):
    return [
        item for item in made.items
        if item.verb == verb and all(item.body.get(k) == v for k, v in fields.items())
    ]  # fmt: skip


def sources(item):
    return [step["source"] for step in item.body["chain"]]


def row(made, name):
    return next(r.body for r in made.rows if r.id == name)


def test_the_agency_of_the_dateline_wrote_it_and_the_page_carries_it(made):
    assert [made.document.origin, made.document.carrier] == PRESS
    first = items(made, quantity="missiles")[0]
    assert sources(first) == ["src-interior-ministry-of-ostvale", *PRESS]
    assert first.body["verbatim"].startswith("Four missiles")  # without the dateline
    assert (first.body["value"], first.body.get("bound", "exactly")) == (4.0, "exactly")


def test_an_unknown_number_is_no_number_and_not_known_is_no_zero(made):
    (drones,) = items(made, quantity="drones")
    assert (drones.body["state"], "value" in drones.body) == ("unknown", False)
    (deaths,) = items(made, quantity="deaths")
    assert (deaths.body["state"], "value" in deaths.body) == ("unknown", False)


def test_the_day_with_its_year_is_resolved_and_the_place_is_the_named_one(made):
    incident = next(r for r in made.rows if r.verb == "open_incident")
    assert incident.body["happened"]["verbatim"] == "12 March 2026"
    assert incident.body["happened"]["earliest_s"] == 1_773_223_200.0
    assert (incident.body["site_name"], incident.body["kind"]) == (
        "Tarn Point Refinery", "missiles",
    )  # fmt: skip
    assert "date: not stated" not in incident.gaps


def test_a_strike_of_the_past_is_no_incident_of_the_day(made):
    assert sum(r.verb == "open_incident" for r in made.rows) == 1
    (fell,) = items(made, value="came down")
    assert fell.body["about"] == [made.id]
    assert "it speaks of another time (“in January”): of which incident?" in fell.gaps
    (history,) = items(made, quantity="history")
    assert history.body["value"] == "the second strike on Tarn Point this year"


def test_two_tolls_stand_side_by_side_each_with_its_voices(made):
    first, second = items(made, quantity="injuries")
    assert (first.body["value"], first.body["bound"]) == (4.0, "at least")
    assert row(made, sources(first)[0])["descriptor"] == "the regional hospital"
    assert second.body["value"] == 11.0
    nurses = row(made, sources(second)[0])
    assert (nurses["descriptor"], nurses["count_stated"]) == ("two nurses", "more than one")
    assert sources(second)[1:] == ["src-free-quay", *PRESS]
    assert any("contradiction" in gap for gap in second.gaps)


def test_a_statement_that_speaks_is_who_made_it(made):
    (down,) = items(made, value="shot down")
    assert sources(down) == ["src-interior-ministry-of-ostvale", *PRESS]
    assert "by position" in down.body["chain"][0]["note"]


def test_only_who_claims_it_claims_it(made):
    (claim,) = items(made, "claim")
    assert claim.body["claimant"] == "act-lantern-front"
    assert "video" in claim.body["mode"]
    assert sources(claim) == PRESS
    (denied,) = items(made, modality="denied")
    assert sources(denied)[0] == "src-northern-league"


def test_an_accusation_is_a_relation_in_the_accusers_mouth(made):
    (relation,) = items(made, "relate")
    assert (relation.body["from_id"], relation.body["to_id"]) == (
        "act-republic-of-vessia", "act-lantern-front",
    )  # fmt: skip
    assert sources(relation)[0] == "src-ilse-norden"
    assert row(made, "src-ilse-norden")["kind"] == "official"
    assert items(made, quantity="official attribution") == []


def test_a_named_spokesman_and_one_who_asked_not_to_be_named_are_told_apart(made):
    said = next(i for i in made.items if "do not strike workers" in i.body["verbatim"])
    assert sources(said)[:2] == ["src-aurel-brandt", "src-radio-meridian"]
    saw = next(i for i in made.items if "small and slow" in i.body["verbatim"])
    assert row(made, sources(saw)[0])["identity"] == "on condition of anonymity"


def test_the_furniture_of_this_page_is_kept_and_is_no_evidence(made):
    kinds = [block.kind for block in made.blocks]
    assert kinds.count("conversation") == kinds.count("related") == kinds.count("tags") == 1
    assert made.document.tags == ("Ostvale", "Energy")
    told = " ".join(i.body["verbatim"] for i in made.items)
    for words in ("six explosions", "fuel prices", "morning briefing", "five missiles"):
        assert words not in told
    assert any("“This article was amended" in gap for gap in made.gaps)
    assert any("“terrorists”" in gap for gap in made.gaps)


def test_every_statement_of_it_can_be_recorded_and_asked_about(made):
    desk = Desk()
    for verb, body in all_acts(made).values():
        desk.act(verb, **body)
    claims = [s.text for s in ask(desk.register, Question("claims")).sentences]
    assert any("Lantern Front" in text for text in claims)
    told = [s.text for s in ask(desk.register, Question("injuries")).sentences]
    assert any("at least 4" in text for text in told)
    assert any("11" in text for text in told)
    # Eleven are at least four: the two do not contradict each other.
    assert not [c for c in contradictions(desk.register) if c.quantity == "injuries"]


# --- another language ------------------------------------------------------------------------


def french():
    """The shipped file with its English words replaced, part by part, as somebody would do."""
    text = DEFAULT_RULES.read_text()
    for old, new in [
        ('language = "en"', 'language = "fr"'),
        (
            '["the", "of", "and", "in", "to", "a", "was", "were", "that", "on", "said"]',
            '["le", "la", "les", "de", "des", "et", "un", "une", "à", "ont", "a", "que"]',
        ),
        ("article = '[Tt]he|[Aa]n?'", "article = '[Ll][ea]s?|[Uu]ne?'"),
        ('determiner = "[Aa]n?|[Tt]he|', 'determiner = "[Uu]ne?|[Ll][ea]s?|[Dd]es|[Dd]eux|'),
        ("of = 'at|of|from|with|for'", "of = 'de|du|des|à'"),
        ("joiners = '(?:of|for|and)(?:\\s+the)?'", "joiners = '(?:de|du|et)(?:\\s+la)?'"),
        ("definite = 'the'", "definite = 'le|la|les'"),
        ("one = 1\ntwo = 2", "une = 1\ndeux = 2"),
        ('"at least" = "at least"', '"au moins" = "at least"'),
        ('official = ["official"', 'official = ["responsable", "porte-parole"'),
        ('verbs = ["said"', 'verbs = ["a déclaré", "a indiqué"'),
        ("(?P<verb>[Aa]ccording to)", "(?P<verb>[Ss]elon)"),
        ('drones = ["drones"', 'drones = ["appareils", "drones"'),
        ('injuries = ["injured"', 'injuries = ["blessés"'),
        ("Wednesday|Thursday", "mercredi|Thursday"),
    ]:
        assert old in text, old
        text = text.replace(old, new)
    return read_rules(text.encode(), "import-rules-fr.toml")


def test_rules_of_another_language_read_an_article_in_it():
    text = (
        "Une base attaquée\n\nDeux appareils ont été vus mercredi près de la base, selon un "
        "responsable militaire. Au moins deux soldats ont été blessés, a indiqué Radio Nord.\n"
    ).encode()
    made = propose(text, "a.txt", rules=french())
    (drones,) = items(made, quantity="drones")
    assert drones.body["value"] == 2.0
    speaker = row(made, sources(drones)[0])
    assert (speaker["descriptor"], speaker["kind"]) == ("un responsable", "official")
    assert drones.body["when"]["verbatim"] == "mercredi"
    (hurt,) = items(made, quantity="injuries")
    assert (hurt.body["value"], hurt.body["bound"]) == (2.0, "at least")
    assert "nothing is proposed" in propose(text, "a.txt").gaps[0]
