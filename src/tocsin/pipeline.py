"""The order of the stages, and nothing else.

`step(state, batch) -> (state, outcome)` is the only way in, for the live watch, for a replay
and for the simulator alike. It reads no clock, no socket and no chance: the same batches give
the same outcome, bit for bit.
"""

from dataclasses import dataclass, field

from tocsin import __version__, advise, alert, codec, identity, record, threat, track
from tocsin.codec.snapshot import freeze as _freeze
from tocsin.codec.snapshot import pack as _pack
from tocsin.codec.snapshot import squeeze
from tocsin.codec.snapshot import thaw as _thaw
from tocsin.errors import CallError, JournalError
from tocsin.model import (
    AlarmState,
    Batch,
    Entry,
    Node,
    Outcome,
    Picture,
    TrackEvent,
    TrackStatus,
    TrackTable,
)
from tocsin.model.records import RecordAct
from tocsin.model.register import Register
from tocsin.model.site_changes import SiteChange
from tocsin.sensor import with_posts
from tocsin.track import declared, system

__all__ = [
    "GRID_HZ",
    "VERSION",
    "State",
    "freeze",
    "open_state",
    "outcome_digest",
    "pack",
    "register_of",
    "roster",
    "squeeze",
    "stands_against",
    "step",
    "system_tracks",
    "thaw",
]

VERSION = f"tocsin {__version__}, state 33"  # a snapshot of another version is not read
GRID_HZ = 5  # identity, threat and alert logic run on this grid of the batches' own time
HEARTBEAT_S = 10  # a ledger entry with the counters and a digest of the picture


@dataclass(slots=True)
class State:
    """Everything between two batches. It belongs to `step`: who hands it in gives it up."""

    version: str
    node: Node
    mode: str
    now_s: float
    grid: int
    heartbeat: int
    session: codec.Session
    trackers: list[track.TrackerState]
    declared: declared.DeclaredState
    system: system.SystemState
    identity: identity.IdentityState
    threat: threat.ThreatState
    alert: alert.AlertState
    advise: advise.AdviseState
    chain: record.Chain
    register: Register
    first_seen: record.FirstSeen = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    labels: dict[int, int] = field(default_factory=dict)
    sensors_noted: dict[str, record.SensorNoted] = field(default_factory=dict)
    advice: dict[str, tuple[str, ...]] = field(default_factory=dict)


def open_state(
    node: Node,
    *,
    mode: str,
    now_s: float,
    live: bool,
    formats: dict[str, str] | None = None,
    framings: dict[str, str] | None = None,
    date: str | None = None,
) -> tuple[State, Entry]:
    """Return a fresh state and the ledger's first entry.

    mode: "live", "replay" or "simulated", borne by the first entry only. live: sensors' clocks
    are compared with arrival; in a replay the record's own time rules. formats: of sources
    that the node does not name; date: the day of recordings that hold only a time of day.
    """
    node = with_posts(node)
    about: dict[str, object] = {"node": node.name, "number": node.number, "version": VERSION}
    chain, entry = record.open_chain(mode, now_s, about)
    state = State(
        version=VERSION,
        node=node,
        mode=mode,
        now_s=now_s,
        grid=int(now_s * GRID_HZ),
        heartbeat=int(now_s // HEARTBEAT_S),
        session=codec.open_session(
            node, live=live, date=date, formats=formats, framings=framings
        ),
        trackers=[track.open_tracker(site, k, node) for k, site in enumerate(node.sites)],
        declared=declared.open_declared(),
        system=system.open_system(),
        identity=identity.open_identity(),
        threat=threat.open_threat(),
        alert=alert.open_alert(node),
        advise=advise.open_advise(),
        chain=chain,
        register=record.rebuild([entry]),
    )
    return state, entry


def step(state: State, batch: Batch) -> tuple[State, Outcome]:
    """Take one batch through all stages.

    The state handed in is used up; the one returned is to be kept. Raises CallError if the
    batch's time steps back, which is the driver's fault, not the world's.
    """
    if batch.now_s < state.now_s:
        raise CallError(
            f"a batch of {batch.now_s:.6f} came after one of {state.now_s:.6f}; "
            "the driver's time must not step back",
            now_s=batch.now_s,
        )
    node, now_s = state.node, batch.now_s
    state.now_s = now_s
    change = codec.change_in(batch)
    if change is not None:
        return state, _change_site_into(state, change, now_s)

    decoded = codec.decode_into(state.session, node, batch)
    track_events: list[TrackEvent] = []
    for tracker in state.trackers:
        track_events += track.step_into(tracker, decoded.detections, decoded.coverages, now_s)
    declared.update_declared_into(state.declared, decoded.detections, now_s)
    declared.watch_into(state.declared, decoded.detections, decoded.coverages, node, now_s)
    identity.hear_into(state.identity, decoded.detections, decoded.coverages, node)
    system.update_system_into(state.system, decoded.detections, node, now_s)
    alert_events, answers = alert.act_into(state.alert, node, decoded.acts, now_s)
    sirens = alert.hear_sirens_into(state.alert, node, decoded.sirens, now_s)
    alert_events = (*sirens, *alert_events)
    alert_events, answers = (*decoded.events, *alert_events), (*decoded.answers, *answers)

    picture = None
    if int(now_s * GRID_HZ) > state.grid:
        state.grid = int(now_s * GRID_HZ)
        picture, more = _assess_into(state, now_s)
        alert_events = (*alert_events, *more)

    _count_into(state.counts, decoded)
    site_ids = [site.id for site in node.sites]
    entries = record.note_tracks_into(state.chain, track_events, site_ids, now_s)
    entries += record.note_acts_into(state.chain, answers, now_s)
    entries += record.note_alerts_into(state.chain, alert_events, now_s)
    record.fold_into(state.register, entries)
    entries += _open_incidents_into(state, alert_events, picture, now_s)
    recorded, more_answers = _record_into(state, decoded.record_acts, now_s)
    entries += recorded
    if picture is not None:
        noted = _note_picture_into(state, picture, now_s)
        record.fold_into(state.register, noted)
        entries += noted
    return state, Outcome(
        now_s=now_s,
        picture=picture,
        records=decoded.records,
        duplicates=decoded.duplicates,
        rejected=decoded.rejected,
        detections=len(decoded.detections),
        track_events=tuple(track_events),
        alert_events=tuple(alert_events),
        acts=(*answers, *more_answers),
        entries=tuple(entries),
        replies=decoded.replies,
    )


def _change_site_into(state: State, change: SiteChange, now_s: float) -> Outcome:
    """Go on with another site file; the picture of it comes with the next batch.

    What people decided goes on; sensors' messages and tracks begin anew, under ids that no
    other has had. A file that says the same as the old one leaves all as it is.
    """
    old, node = state.node, with_posts(change.node)
    words = record.words_between(old, node)
    ended: list[TrackEvent] = []
    events: tuple[alert.AlertEvent, ...] = ()
    if words:
        for tracker in state.trackers:
            rows = track.table(tracker, now_s, tentative=False)
            ended += [
                TrackEvent("ended", now_s, track_id, tracker.site, "site file changed")
                for track_id in rows.track_id.tolist()
            ]
        state.trackers = track.reopen_trackers(state.trackers, node)
        state.session = codec.reopen_session(state.session, node)
        fresh = declared.open_declared()
        fresh.counter, fresh.heard = state.declared.counter, state.declared.heard
        others = system.open_system()
        others.counter, others.heard = state.system.counter, state.system.heard
        state.declared, state.system = fresh, others
        state.identity, state.threat = identity.open_identity(), threat.open_threat()
        state.alert, events = alert.move_to(state.alert, node, now_s)
        state.node = node
    open_alarms = [a.id for a in alert.alarms(state.alert) if a.state != AlarmState.CLOSED]
    entries = [
        record.note_site_into(
            state.chain, change, words, events,
            carried=open_alarms, tracks=len(ended), now_s=now_s,
        )
    ]  # fmt: skip
    sites = [site.id for site in old.sites]
    entries += record.note_tracks_into(state.chain, ended, sites, now_s)
    entries += record.note_alerts_into(state.chain, events, now_s)
    record.fold_into(state.register, entries)
    return Outcome(
        now_s=now_s,
        picture=None,
        track_events=tuple(ended),
        alert_events=events,
        entries=tuple(entries),
    )


def _assess_into(state: State, now_s: float) -> tuple[Picture, tuple[alert.AlertEvent, ...]]:
    """Identity, threat and the ladder, on the grid; the picture that comes of them."""
    node = state.node
    trackers = state.trackers
    measured = TrackTable.join([track.table(t, now_s, tentative=False) for t in trackers])
    system.correlate_into(state.system, measured, node, now_s)
    measured = system.fused(state.system, measured, node, now_s)
    others = system.system_as_tracks(state.system, node, now_s)
    others = others.take(others.status != TrackStatus.TENTATIVE)
    known = TrackTable.join([measured, others])
    places = declared.places_of(state.declared, node, now_s)
    declared.link_into(state.declared, known, node, now_s, places)
    alone = declared.declared_as_tracks(state.declared, node, now_s, places)
    tracks = TrackTable.join([known, alone])
    heard = declared.declared_table(state.declared)
    identities = identity.assess_into(state.identity, tracks, heard, node, now_s)
    threats = threat.assess_into(state.threat, tracks, identities, node, now_s)
    sensors = codec.sensor_status(state.session, node, now_s)
    sensors = track.mark_clutter(track.mark_errors(sensors, trackers), trackers)
    told: tuple[alert.AlertEvent, ...] = ()
    if alert.is_beside_untold(state.alert):
        every = TrackTable.join([track.table(t, now_s) for t in trackers])
        told = alert.tell_beside_into(state.alert, node, every, sensors, now_s)
    if alert.is_volume_look(state.alert, now_s):
        look = threat.look_at_volumes(tracks, identities, node, now_s)
        told = (*told, *alert.protect_into(state.alert, node, look, now_s))
    events = alert.advance_into(state.alert, node, threats, tracks, identities, sensors, now_s)
    zones, alarms = alert.zones(state.alert), alert.alarms(state.alert)
    picture = Picture(
        now_s=now_s,
        tracks=tracks,
        identities=identities,
        declared=heard,
        declared_label=identity.label_declared(heard),
        threats=threats,
        zones=zones,
        alarms=alarms,
        sensors=sensors,
        system=system.system_table(state.system),
        advice=advise.options_into(state.advise, node, zones, alarms, threats, identities),
        notices=alert.notices(state.alert),
        sightings=alert.sightings(state.alert),
        handovers=alert.handovers(state.alert),
        volumes=alert.volumes(state.alert),
        conflicts=alert.conflicts(state.alert),
        operations=alert.operations(state.alert),
        origins=codec.origins_of(state.session, node),
        rules=alert.shift_rules(state.alert, node),
    )
    return picture, (*told, *events)


def _open_incidents_into(
    state: State,
    events: tuple[alert.AlertEvent, ...],
    picture: Picture | None,
    now_s: float,
) -> tuple[Entry, ...]:
    """The record's part of what the watch did; its entries are in the register already."""
    if picture is not None:
        record.keep_first_into(state.first_seen, picture)
    return record.open_from_alerts_into(
        state.register, state.chain, events, state.node, picture, state.first_seen, now_s
    )


def _record_into(
    state: State, acts: tuple[RecordAct, ...], now_s: float
) -> tuple[list[Entry], list[tuple[str, bool, str]]]:
    """What people add to the record; a refused act leaves an answer and nothing else."""
    entries: list[Entry] = []
    answers = []
    for act in acts:
        made, accepted, sentence = record.apply_into(state.register, state.chain, act, now_s)
        entries += made
        answers.append((act.key, accepted, sentence))
    return entries, answers


def _note_picture_into(state: State, picture: Picture, now_s: float) -> list[Entry]:
    entries = record.note_labels_into(state.chain, picture, state.labels, now_s)
    entries += record.note_sensors_into(state.chain, picture, state.sensors_noted, now_s)
    entries += record.note_advice_into(state.chain, picture, state.advice, now_s)
    if int(now_s // HEARTBEAT_S) > state.heartbeat:
        state.heartbeat = int(now_s // HEARTBEAT_S)
        counts = dict(sorted(state.counts.items()))
        entries.append(record.note_heartbeat_into(state.chain, picture, counts, now_s))
    return entries


def _count_into(counts: dict[str, int], decoded: codec.Decoded) -> None:
    """Add up what came in: records by kind, detections, duplicates, rejections by reason."""
    for kind, number in decoded.records.items():
        counts[kind] = counts.get(kind, 0) + number
    counts["detections"] = counts.get("detections", 0) + len(decoded.detections)
    counts["duplicates"] = counts.get("duplicates", 0) + decoded.duplicates
    for rejected in decoded.rejected:
        name = f"rejected: {rejected.reason}"
        counts[name] = counts.get(name, 0) + rejected.count


def freeze(state: State) -> bytes:
    """Return a snapshot: with the batches that follow it gives the same as a full replay."""
    return _freeze(state)


def pack(state: State, room: int) -> bytearray:
    """Return a snapshot that `squeeze` has to make smaller before it is one; room: its bytes,
    about.
    """
    return _pack(state, room)


def thaw(data: bytes) -> State:
    """Return the state of a snapshot; JournalError where it is of another version or broken."""
    state = _thaw(data)
    if not isinstance(state, State) or state.version != VERSION:
        found = getattr(state, "version", "something else")
        raise JournalError(
            f"the snapshot is of {found}, this is {VERSION}; replay the journal instead",
            version=found,
        )
    return state


def roster(state: State) -> list[str]:
    """Return sensor ids by roster index: those of the site file, then those discovered."""
    return list(state.session.roster)


def register_of(state: State) -> tuple[Register, str]:
    """Return a register of the reader's own as it stands after the last batch, and the digest
    (hex) of the newest entry.
    """
    return record.copied(state.register), state.chain.head.hex()


def stands_against(state: State, node: Node) -> str:
    """Return why another site file cannot take the place of the state's, "" where it can."""
    if node.number != state.node.number:
        return (
            f"the number of the node is {node.number} and was {state.node.number}: ids of "
            "tracks and alarms bear it; leave it, or give a new --data folder"
        )
    if not node.sites:
        return "it names no site; give a new --data folder for a watch without any"
    return "; ".join(alert.stands_against(state.alert, node))


def system_tracks(state: State) -> int:
    """Return how many distinct tracks other trackers have sent, by source and number."""
    return system.heard(state.system)


def outcome_digest(state: State) -> str:
    """Return the ledger's head without its first entry: equal for a watch and its replay."""
    return state.chain.outcome.hex()
