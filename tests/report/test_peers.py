"""Every output as other people's programs read it: schemas, and readers that are in use."""

import importlib.resources
import json
import re
from pathlib import Path

import jsonschema_rs
import pytest
from tests.conftest import missing
from tests.report.ninjs import NINJS
from tests.report.raid import FIRST, SECOND, T_S, raid
from tests.report.test_outputs import URL, outputs

from tocsin import report
from tocsin.report import FeedItem

PROFILES = ("internal", "partner", "public")
BASE = "https://example.org/incidents/"


def peer(name, install=""):
    try:
        return __import__(name, fromlist=["x"])
    except ImportError:
        missing(name, f"python -m pip install {install or name}")


@pytest.fixture(scope="module")
def r():
    return raid()


def items():
    return [
        FeedItem(URL, "Drones & <b>more</b>", "They came.", T_S, ("drones", "al-asad"),
                 notice="Wrong was: two. Right is: three."),
        FeedItem(BASE + "inc-2026-0002.html", "B", "b", T_S + 90_000.0),
    ]  # fmt: skip


@pytest.mark.parametrize("profile", PROFILES)
def test_ninjs_fits_the_standards_schema(r, profile):
    for incident in (FIRST, SECOND):
        made = json.loads(outputs(r, profile, incident, tags=("drones",))["ninjs"])
        jsonschema_rs.validate(NINJS, made, validate_formats=True)
    made["language"] = 5
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(NINJS, made)


@pytest.mark.parametrize("base", [BASE, ""])
def test_feedparser_reads_atom_and_rss_alike_and_finds_nothing_wrong(base):
    feedparser = peer("feedparser")
    own = items() if base else [FeedItem("urn:tocsin:INC-1", "T", "s", T_S)]
    atom = report.atom(own, feed_id=base or "urn:tocsin:incidents", title="Incidents",
                       author="Tocsin", link=f"{base}feed.atom")  # fmt: skip
    rss = report.rss(own, title="Incidents", link=base, about="What is told",
                     self_link=f"{base}feed.rss" if base else "")  # fmt: skip
    for text, kind in ((atom, "atom10"), (rss, "rss20")):
        read = feedparser.parse(text.encode())
        assert (read.bozo, read.version) == (False, kind)
        assert read.feed.title == "Incidents"
        assert [entry.id for entry in read.entries] == [
            item.link for item in sorted(own, key=lambda item: -item.updated_s)
        ]
    if not base:
        return
    entries = [feedparser.parse(text.encode()).entries[1] for text in (atom, rss)]
    for entry in entries:
        assert entry.link == URL
        assert "Wrong was: two. Right is: three." in entry.summary
        assert [tag.term for tag in entry.tags] == ["drones", "al-asad"]
        # Markup in a title is told as words: feedparser would take a tag for one.
        assert entry.title == "Drones & <b>more</b>"
    assert entries[0].updated_parsed == entries[1].published_parsed


# JSON Feed 1.1, https://www.jsonfeed.org/version/1.1/: what is required, and of which type.
JSON_FEED = {
    "type": "object", "required": ["version", "title", "items"],
    "properties": {
        "version": {"const": "https://jsonfeed.org/version/1.1"},
        "title": {"type": "string"}, "home_page_url": {"type": "string", "format": "uri"},
        "feed_url": {"type": "string", "format": "uri"}, "language": {"type": "string"},
        "items": {"type": "array", "items": {
            "type": "object", "required": ["id"],
            "anyOf": [{"required": ["content_html"]}, {"required": ["content_text"]}],
            "properties": {
                "id": {"type": "string"}, "url": {"type": "string", "format": "uri"},
                "title": {"type": "string"}, "content_text": {"type": "string"},
                "date_published": {"type": "string", "format": "date-time"},
                "date_modified": {"type": "string", "format": "date-time"},
                "tags": {"type": "array", "items": {"type": "string"}},
            },
        }},
    },
}  # fmt: skip


@pytest.mark.parametrize("base", [BASE, ""])
def test_the_json_feed_fits_its_specification(base):
    text = report.json_feed(items(), title="Incidents", home=base,
                            link=f"{base}feed.json" if base else "")  # fmt: skip
    jsonschema_rs.validate(JSON_FEED, json.loads(text), validate_formats=True)


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
@pytest.mark.parametrize("profile", PROFILES)
def test_the_json_ld_parses_and_every_word_of_it_is_one_of_schema_org(r, profile):
    rdflib = peer("rdflib")
    from rdflib.namespace import RDF, SDO

    made = json.loads(outputs(r, profile)["jsonld"])
    assert made["@context"] == "https://schema.org"
    made["@context"] = {"@vocab": str(SDO), "url": {"@type": "@id"}}  # nothing is fetched
    graph = rdflib.Graph().parse(data=json.dumps(made), format="json-ld")
    own = rdflib.URIRef(URL)
    assert (own, RDF.type, SDO.ReportageNewsArticle) in graph
    for _, predicate, value in graph:
        for term in (predicate, value if predicate == RDF.type else SDO.name):
            if term != RDF.type:
                assert str(term).startswith(str(SDO))
                assert term in SDO, term  # rdflib keeps the list of schema.org's terms
    corrections = list(graph.objects(own, SDO.correction))
    assert [(c, RDF.type, SDO.CorrectionComment) in graph for c in corrections] == [True]
    claims = list(graph.subjects(RDF.type, SDO.Claim))
    assert len(claims) == 1


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("incident", [FIRST, SECOND])
def test_the_prov_document_fits_its_schema_and_loads(r, profile, incident):
    prov_model = peer("prov.model", "prov")
    text = outputs(r, profile, incident)["prov"]
    schema = importlib.resources.files("prov").joinpath("tests/schemas/prov-json.schema.json")
    jsonschema_rs.validate(json.loads(schema.read_text()), json.loads(text))
    document = prov_model.ProvDocument.deserialize(content=text, format="json")
    again = prov_model.ProvDocument.deserialize(
        content=document.serialize(format="json"), format="json"
    )
    assert document == again
    kinds = {record.get_type().localpart for record in document.get_records()}
    assert kinds == {"Entity", "Agent", "Attribution", "Derivation"}
    counted = json.loads(text)
    assert len(list(document.get_records())) == sum(
        len(counted[part]) for part in counted if part != "prefix"
    )


@pytest.fixture(scope="module")
def cap_schema():
    etree = peer("lxml.etree", "lxml")
    return etree.XMLSchema(file=str(Path(__file__).parent / "schemas" / "cap-1.2.xsd"))


def fits(schema, data):
    etree = peer("lxml.etree", "lxml")
    return schema.validate(etree.fromstring(data))


def test_the_cap_schema_takes_real_alerts_and_refuses_changed_ones(cap_schema, data_folder):
    for name in ("43b080713727.cap", "australia.cap", "canada.cap"):
        data = (data_folder / "cap-alerts" / name).read_bytes()
        assert fits(cap_schema, data), cap_schema.error_log
        assert not fits(cap_schema, re.sub(rb"<(\w+:)?status>\w+<", b"<\\1status>Soon<", data))


def test_the_warnings_that_leave_fit_the_cap_schema(cap_schema):
    from tests.codec.test_cap import ALERT

    from tocsin.codec.cap import write_cap

    assert fits(cap_schema, write_cap(ALERT)), cap_schema.error_log


@pytest.mark.parametrize("profile", PROFILES)
def test_the_account_is_a_cap_message_that_warns_of_nothing(r, cap_schema, profile):
    from tocsin.codec.cap import read_cap

    data = outputs(r, profile)["cap"].encode()
    assert fits(cap_schema, data), cap_schema.error_log
    alert = read_cap(data)
    (info,) = alert.infos
    assert (info.urgency, info.response, alert.msg_type) == ("Past", ("None",), "Alert")
    assert alert.scope == ("Public" if profile == "public" else "Restricted")
    assert "Right is: three drones." in info.description
    assert info.web == URL
    assert info.areas[0].circles == ((33.7856, 42.4412, 0.0),)
    simulated = read_cap(outputs(raid("simulated"), profile)["cap"].encode())
    assert simulated.status == "Test"
