"""A pipeline small enough to see through, with the contract of the real one."""

import msgspec

from tocsin.model import (
    OFFICER,
    DeclaredTable,
    Entry,
    IdentityTable,
    Node,
    Outcome,
    Picture,
    Rejected,
    ThreatTable,
    TrackTable,
)
from tocsin.model.register import Register


class FakePipeline:
    """Counts frames. Payload "poison" raises after half of the work; "bad" is rejected; a
    frame of the officer is an act that is accepted. One that does not `paint` makes no
    pictures: the scene that a test hangs up stays.
    """

    VERSION = "fake 1"
    paints = True

    def open_state(self, node, *, mode, now_s, live):
        state = {"now_s": now_s, "seen": [], "entries": 1, "grid": int(now_s * 5), "ticks": 0}
        return state, Entry(0, "opened", now_s, b"{}", bytes(32))

    def step(self, state, batch):
        assert batch.now_s >= state["now_s"]
        state["now_s"] = batch.now_s
        acts, rejected = [], []
        for frame in batch.frames:
            state["seen"].append([frame.source, frame.sequence, frame.payload])
            if frame.payload == b"poison":
                raise ZeroDivisionError("poison")
            if frame.payload == b"bad":
                rejected.append(Rejected(frame.source, "bad", "it is bad"))
            if frame.source == OFFICER:
                acts.append((msgspec.json.decode(frame.payload)["key"], True, "so be it"))
        state["ticks"] += not batch.frames
        entries = ()
        if batch.frames:
            number = state["entries"]
            state["entries"] += 1
            entries = (Entry(number, "frames", batch.now_s, b"{}", bytes(32)),)
        picture = None
        if self.paints and int(batch.now_s * 5) > state["grid"]:
            state["grid"] = int(batch.now_s * 5)
            picture = empty_picture(batch.now_s)
        return state, Outcome(
            batch.now_s, picture, rejected=tuple(rejected), acts=tuple(acts), entries=entries
        )

    def freeze(self, state):
        return self.squeeze(self.pack(state, 0))

    def pack(self, state, room):
        return msgspec.msgpack.encode(state)

    def squeeze(self, packed):
        return packed

    def thaw(self, data):
        return msgspec.msgpack.decode(data)

    def roster(self, state):
        return ["radar", "camera"]

    def outcome_digest(self, state):
        return "00"

    def register_of(self, state):
        return Register(last_entry=state["entries"] - 1), "00"


def empty_picture(now_s):
    return Picture(
        now_s, TrackTable.blank(0), IdentityTable.blank(0), DeclaredTable.blank(0), (),
        ThreatTable.blank(0), (), (), (),
    )  # fmt: skip


def tracks_picture(now_s, ids, *, updated_s=None):
    """Return a picture of measured tracks near 33.8 N, 42.4 E, placed by its id."""
    n = len(ids)
    tracks = TrackTable.blank(n)
    tracks.track_id[:] = ids
    tracks.status[:] = 1
    tracks.lat_deg[:] = [33.8 + 0.001 * (i % 1000) for i in ids]
    tracks.lon_deg[:] = 42.4
    tracks.alt_m[:] = 400.0
    tracks.time_s[:] = now_s
    tracks.updated_s[:] = now_s if updated_s is None else updated_s
    identities = IdentityTable.blank(n)
    identities.track_id[:] = ids
    picture = empty_picture(now_s)
    picture.tracks, picture.identities = tracks, identities
    picture.threats = ThreatTable.blank(0)
    return picture


NODE = Node()
