"""A ledger as a watch and two editors leave it: two alarms, statements, claims, approvals."""

from tests.record.desk import PARAGRAPHS, chain

from tocsin.codec.site_toml import read_site
from tocsin.model import AlertEvent, Ladder
from tocsin.model.records import RecordAct
from tocsin.model.register import Register
from tocsin.record import (
    apply_into,
    export_lines,
    fold_into,
    note_alerts_into,
    open_chain,
    open_from_alerts_into,
)  # fmt: skip

SITE = b"""
schema = 1
[node]
name = "Two bases"
[[site]]
id = "al-asad"
name = "Al Asad Air Base"
lat = 33.7856
lon = 42.4412
elevation_m = 188.4
geoid_m = 10
[[site.zone]]
id = "flight-line"
name = "Flight line"
radius_m = 1200
ceiling_m = 600
shelter_s = 45
[[site.zone]]
id = "living-area"
name = "Living area"
center_offset_m = [1800, 900]
radius_m = 700
ceiling_m = 600
shelter_s = 60
[[site.zone]]
id = "fuel"
name = "Fuel"
center_offset_m = [-1500, 1100]
radius_m = 400
ceiling_m = 600
shelter_s = 60
[[site]]
id = "al-harir"
name = "al-Harir (Bashur Airfield)"
lat = 36.5337
lon = 44.3399
elevation_m = 633.7
geoid_m = 12
[[site.zone]]
id = "bunkers"
radius_m = 900
ceiling_m = 600
shelter_s = 45
"""
T_S = 1_785_931_207.0  # 2026-08-05 12:00:07 UTC
TRACKS = {281474976710657: (T_S - 41.0, 33.6123, 42.1987, 260.0),
          281474976710658: (T_S - 39.0, 33.6201, 42.2011, 265.0)}  # fmt: skip
HARIR = {281474976710660: (T_S + 9000.0, 36.4012, 44.2023, 300.0)}
# What a public page must not hold, written down by hand, apart from what the product lists.
SECRETS = (
    "clara.keller", "jonas.weiss", "rashid.amin", "c0ffee4242c0ffee", "flight-line",
    "Flight line", "living-area", "Living area", "Fuel", "bunkers", "A-1-1", "A-1-2",
    "33.61", "42.19", "36.40", "44.20", "12:00:07", "11:59:26", "12:00:26", "12:00:40",
    "duty commander", "line two", "motorbike", "shelter door", "somebody at the base",
    *map(str, TRACKS), *map(str, HARIR),
)  # fmt: skip
FIRST, SECOND = "INC-2026-0001", "INC-2026-0002"


class Raid:
    def __init__(self, nature="live"):
        self.nature = nature
        self.node = read_site(SITE, "two.toml")
        self.chain, first = open_chain("live", T_S - 600, {"node": "Two bases"})
        self.register, self.entries, self.now_s = Register(), [first], T_S - 600
        fold_into(self.register, [first])
        self.count = 0

    def hear(self, kind, at_s, site, *, zone="", alarm="", step="", tracks=(), by="", text=""):
        event = AlertEvent(kind, at_s, site, zone, alarm, step, tracks, by, text, self.nature)
        entries = note_alerts_into(self.chain, [event], at_s)
        fold_into(self.register, entries)
        more = open_from_alerts_into(self.register, self.chain, [event], self.node, None,
                                     {**TRACKS, **HARIR}, at_s)  # fmt: skip
        self.entries += [*entries, *more]
        self.now_s = at_s

    def act(self, verb, user="clara.keller", **body):
        self.count += 1
        self.now_s += 1.0
        act = RecordAct(verb, f"k{self.count}", user, self.now_s, body)
        entries, accepted, sentence = apply_into(self.register, self.chain, act, self.now_s)
        assert accepted, sentence
        self.entries += entries
        return sentence

    def write(self, path):
        path.write_bytes(b"".join(export_lines(self.entries)))
        return path


def raid(nature="live", *, approve=True):
    r = Raid(nature)
    both, alarm = tuple(TRACKS), "A-1-1"
    shelter = Ladder.TAKE_SHELTER
    r.hear("raised", T_S, "al-asad", alarm=alarm, step=Ladder.CAUTION, tracks=both,
           text="2 tracks towards flight-line, fuel")  # fmt: skip
    for zone in ("flight-line", "living-area", "fuel"):
        r.hear("proposed", T_S + 14, "al-asad", zone=zone, step=shelter, tracks=both)
    for zone in ("flight-line", "living-area", "fuel"):
        r.hear("released", T_S + 19, "al-asad", zone=zone, step=shelter, tracks=both,
               by="rashid.amin")  # fmt: skip
    r.hear("acknowledged", T_S + 21, "al-asad", alarm=alarm, step=shelter, tracks=both,
           by="rashid.amin")  # fmt: skip
    r.hear("decided", T_S + 33, "al-asad", alarm=alarm, step=shelter, tracks=both,
           by="rashid.amin", text="call the duty commander on line two")  # fmt: skip
    r.hear("closed", T_S + 400, "al-asad", alarm=alarm, step=shelter, tracks=both)
    r.hear("raised", T_S + 9041, "al-harir", alarm="A-1-2", step=shelter, tracks=tuple(HARIR),
           text="1 track towards bunkers")  # fmt: skip
    r.hear("closed", T_S + 9400, "al-harir", alarm="A-1-2", step=shelter, tracks=tuple(HARIR))
    tell(r)
    if approve:
        r.act("approve", incident=FIRST)
        as_of = len(r.entries) - 2
        r.act("approve", incident=FIRST, user="jonas.weiss", as_of=as_of)
        r.act("approve", incident=SECOND, as_of=as_of)
        r.act("approve", incident=SECOND, user="jonas.weiss", as_of=as_of)
    return r


def tell(r):
    r.act("add_source", id="ap", kind="agency", name="AP")
    r.act("add_source", id="reuters", kind="agency", name="Reuters")
    r.act("add_source", id="journal", kind="outlet", name="The Western Journal")
    r.act("add_source", id="official", kind="official", identity="unnamed",
          descriptor="an unnamed US defense official")  # fmt: skip
    r.act("add_source", id="inside", kind="person", identity="sealed",
          descriptor="somebody at the base", sealed="c0ffee4242c0ffee")  # fmt: skip
    r.act("add_source", id="guard", kind="witness", identity="unnamed", descriptor="a guard")
    r.act("add_actor", id="iri", name="Islamic Resistance in Iraq")
    r.act("add_actor", id="taw", name="Tashkil al-Waritheen")

    def say(row, quantity, value, words, names, about=FIRST, **more):
        r.act("assert", id=row, about=[about], quantity=quantity, value=value, verbatim=words,
              chain=chain(*names), **more)  # fmt: skip

    press = ("ap", "journal")
    say("two", "drones", 2, "Two drones were intercepted <b>there</b>", ("official", *press))
    say("none", "injuries", None, PARAGRAPHS[2], ("journal",), state="none reported")
    say("minor", "injuries", "minor", "minor injuries", ("reuters",))
    say("burned", "damage", "burned", "the Fuel depot burned", ("reuters",))
    say("guard-says", "noise", "loud", "it was loud as an old motorbike", ("guard",))
    say("inside-says", "state", "bad", "the shelter door stuck", ("inside", "reuters"))
    r.act("claim", id="claim-iri", claimant="iri", incidents=[FIRST, SECOND],
          verbatim="our fighters did it & more will come", chain=chain("ap"),
          together_with="a threat of more operations")  # fmt: skip
    r.act("claim", id="claim-taw", claimant="taw", incidents=[SECOND], verbatim="it was us",
          chain=chain("reuters"))  # fmt: skip
    r.act("relate", type="part of", from_id="taw", to_id="iri", verbatim="a part of",
          chain=chain("ap"))  # fmt: skip
    r.act("correct", of="two", wrong="it said two drones", right="three drones",
          changes={"value": 3}, user="jonas.weiss")  # fmt: skip
