"""Every output of an incident fits its format, tells corrections and gives nothing away."""

import csv
import io
import json
import re
from xml.etree import ElementTree

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.ninjs import NINJS
from tests.report.raid import FIRST, SECOND, SECRETS, T_S, raid

from tocsin import report
from tocsin.cli._outputs import ENDINGS, other_outputs
from tocsin.model.records import Publication
from tocsin.record import account, standing
from tocsin.report import FeedItem

URL = "https://example.org/incidents/inc-2026-0001.html"


@pytest.fixture(scope="module")
def r():
    return raid()


def outputs(r, profile="public", incident=FIRST, **more):
    found = account(r.register, incident)
    telling = report.tell(found, profile)
    return other_outputs(
        found, telling, report.told(found, profile), report.release_of(found), url=URL, **more
    )


def test_ninjs_fits_the_schema_and_tells_the_correction(r):
    made = json.loads(outputs(r, tags=("drones",))["ninjs"])
    jsonschema_rs.validate(NINJS, made, validate_formats=True)
    assert made["pubStatus"] == "usable"
    (wrong,) = made["descriptions"]
    assert "Wrong was: it said two drones. Right is: three drones." in wrong["value"]
    assert "&lt;b&gt;there" in made["bodies"][0]["value"]
    assert json.loads(outputs(r, status="withheld")["ninjs"])["pubStatus"] == "withheld"


def test_json_ld_has_corrections_and_claims_by_their_claimants(r):
    made = json.loads(outputs(r)["jsonld"])
    assert made["@context"] == "https://schema.org"
    assert made["@type"] == "ReportageNewsArticle"
    (wrong,) = made["correction"]
    assert wrong["@type"] == "CorrectionComment"
    assert wrong["datePublished"].endswith(":00:00Z")
    assert "Right is: three drones." in wrong["text"]
    claims = [m for m in made["mentions"] if m["@type"] == "Claim"]
    assert [c["author"]["name"] for c in claims] == ["Islamic Resistance in Iraq"]
    assert "ClaimReview" not in json.dumps(made)


@pytest.mark.parametrize("profile", ["internal", "partner", "public"])
def test_prov_names_nothing_that_it_does_not_define_and_has_no_circle(r, profile):
    made = json.loads(outputs(r, profile)["prov"])
    links = made["wasDerivedFrom"].values()
    for link in links:
        assert link["prov:generatedEntity"] in made["entity"]
        assert link["prov:usedEntity"] in made["entity"]
    for link in made["wasAttributedTo"].values():
        assert link["prov:entity"] in made["entity"]
        assert link["prov:agent"] in made["agent"]
    for name in (*made["entity"], *made["agent"]):
        assert name.split(":")[0] in made["prefix"]
    used = {}
    for link in links:
        used.setdefault(link["prov:generatedEntity"], []).append(link["prov:usedEntity"])

    def depth(name, above=()):
        assert name not in above, "a circle"
        return 1 + max((depth(n, (*above, name)) for n in used.get(name, ())), default=0)

    assert depth(f"tocsin:{FIRST}/{profile}/{account(r.register, FIRST).as_of}") >= 4
    kinds = {link.get("prov:type", {}).get("$") for link in links}
    assert {"prov:PrimarySource", "prov:Quotation", "prov:Revision"} <= kinds
    chain = [made["agent"][f"tocsin:source/{s}"]["prov:label"] for s in ("official", "ap")]
    assert chain == ["an unnamed US defense official", "AP"]


def test_the_gtd_row_claims_without_attributing_and_counts_no_silence(r):
    head, row = csv.reader(io.StringIO(outputs(r)["gtd"]))
    made = dict(zip(head, row, strict=True))
    assert (made["gname"], made["claimed"], made["compclaim"]) == ("Unknown", "1", "0")
    assert made["nwound"] == ""  # "none reported" against "minor injuries"
    assert "injuries: minor / none reported" in made["addnotes"]
    assert (made["iyear"], made["imonth"], made["iday"]) == ("2026", "8", "5")
    head, row = csv.reader(io.StringIO(outputs(r, incident=SECOND)["gtd"]))
    made = dict(zip(head, row, strict=True))
    assert (made["compclaim"], made["claim2"], made["claim3"]) == ("1", "1", "0")
    assert made["claimants"] == "Islamic Resistance in Iraq; Tashkil al-Waritheen"


def test_the_table_holds_every_sentence_of_the_page(r):
    telling = report.tell(account(r.register, FIRST), "public")
    rows = list(csv.DictReader(io.StringIO(report.timeline_csv(telling), newline="")))
    told = [telling.summary.text, *(x.text for s in telling.sections for x in s.lines)]
    assert [row["sentence"].removeprefix("'") for row in rows] == told


@given(st.text(max_size=40), st.text(max_size=40))
def test_rss_and_json_feed_hold_whatever_stands_in_them(title, words):
    items = [
        FeedItem(URL, title, words, T_S, ("drones",), notice="Wrong was: a. Right is: b."),
        FeedItem("urn:tocsin:INC-2", "B", "b", T_S + 90_000.0),
    ]
    root = ElementTree.fromstring(
        report.rss(items, title="Incidents", link="https://example.org/", about="x").encode(
            "utf-8", "replace"
        )
    )
    channel = root.find("channel")
    for part in ("title", "link", "description"):  # RSS 2.0: what a channel must have
        assert channel.find(part) is not None
    entries = channel.findall("item")
    assert entries[0].find("guid").get("isPermaLink") == "false"
    assert entries[1].find("link").text == URL
    assert "Right is: b." in entries[1].find("description").text
    assert entries[1].find("pubDate").text == "Wed, 05 Aug 2026 12:00:00 GMT"
    feed = json.loads(report.json_feed(items, title="Incidents", home="", link=""))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert [item["id"] for item in feed["items"]] == ["urn:tocsin:INC-2", URL]
    assert all("content_text" in item for item in feed["items"])


def test_no_cell_is_a_formula(r):
    other = raid()
    other.act("assert", about=[FIRST], quantity="noise", value="=cmd|' /C calc'!A0",
              verbatim="=cmd|' /C calc'!A0", chain=[{"source": "ap"}])  # fmt: skip
    for cell in (c for row in csv.reader(io.StringIO(outputs(other)["csv"])) for c in row):
        assert not cell.startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("incident", [FIRST, SECOND])
@pytest.mark.parametrize("format", ENDINGS)
def test_no_public_output_gives_a_withheld_value_away(r, format, incident):
    text = outputs(r, incident=incident)[format]
    found = account(r.register, incident)
    for value in report.withheld_values(found, "public"):
        assert not re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.IGNORECASE), value
    for secret in SECRETS:
        assert secret.casefold() not in text.casefold(), secret


@pytest.mark.parametrize("format", ENDINGS)
def test_the_same_account_gives_the_same_bytes_in_every_format(r, format):
    assert outputs(r)[format] == outputs(raid())[format]


def test_a_claim_that_was_withdrawn_is_in_no_output_as_a_claim():
    r = raid(approve=False)
    r.act("correct", of="claim-iri", kind="withdrawn", wrong="AP took it back", right="")
    made = outputs(r)
    assert "mentions" not in json.loads(made["jsonld"])
    head, row = csv.reader(io.StringIO(made["gtd"]))
    assert dict(zip(head, row, strict=True))["claimed"] == "-9"


@pytest.mark.parametrize("profile", ["internal", "public"])
@pytest.mark.parametrize("nature", ["simulated", "exercise"])
def test_what_was_not_real_is_marked_in_every_format(profile, nature):
    r = raid(nature, approve=False)
    found = account(r.register, FIRST)
    telling = report.tell(found, profile)
    mark = f"{nature.upper()}: "
    for words in (telling.title, telling.summary.text):
        assert words.startswith(mark)
        assert words.count(mark) == 1
    item = FeedItem(URL, telling.title, telling.summary.text, T_S)
    made = outputs(r, profile)
    made["html"], made["typst"] = (
        report.page(found, telling),
        report.typst_source(found, telling),
    )
    made["atom"] = report.atom([item], feed_id="x", title="t", author="a", link="l")
    made["rss"] = report.rss([item], title="t", link=URL, about="x")
    made["feed"] = report.json_feed([item], title="t", home="", link="")
    for name, text in made.items():
        assert mark in text, name
    page = f"tocsin:{FIRST}/{profile}/{found.as_of}"
    assert json.loads(made["prov"])["entity"][page]["tocsin:nature"] == nature
    assert f"{nature}: this did not happen" in made["gtd"]


@pytest.mark.parametrize(
    ("headline", "title"),
    [("Two drones", "SIMULATED: Two drones"),
     ("Simulated: two drones", "Simulated: two drones"),
     ("", "SIMULATED: Unidentified aircraft at Al Asad Air Base")],
)  # fmt: skip
def test_a_headline_of_an_editor_bears_the_mark_once(headline, title):
    r = raid("simulated", approve=False)
    found = account(r.register, FIRST)
    text = Publication(FIRST, headline=headline)
    telling = report.with_text(found, report.tell(found, "public"), text, ())
    assert telling.title == title


def test_what_is_real_bears_no_mark(r):
    for text in outputs(r).values():
        assert "SIMULATED" not in text
        assert "EXERCISE" not in text


def test_a_page_that_was_withdrawn_has_no_map():
    r = raid(approve=True)
    for state, wrong in (("published", ""), ("withdrawn", "it never happened")):
        r.act("publish", incident=FIRST, state=state, wrong=wrong)
    found = account(r.register, FIRST)
    steps = standing(r.register, FIRST, "public").steps
    telling = report.tell(found, "public")
    assert "<svg" in report.page(found, telling)
    withdrawn = report.with_text(found, telling, None, steps)
    assert withdrawn.title.startswith("Withdrawn: ")
    for text in (report.page(found, withdrawn), report.typst_source(found, withdrawn)):
        assert "<svg" not in text
