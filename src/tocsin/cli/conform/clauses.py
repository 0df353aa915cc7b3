"""What is asked of a node: one row a clause, and what was found for it.

`rests_on` names where a clause comes from: a field of the message definitions of BSI Flex 335
v2.0 with its options, or the behaviour of the reference middleware (Dstl Apex 4.2.0), which a
node has to live with. The text of the standard itself is not quoted.
"""

from dataclasses import dataclass, field

__all__ = ["CLAUSES", "FAIL", "NOT_APPLICABLE", "PASS", "Clause", "Finding"]

PASS, FAIL, NOT_APPLICABLE = "pass", "fail", "not applicable"


@dataclass(frozen=True, slots=True)
class Clause:
    """id: F.. of fusion nodes, E.. of edge nodes (sensors); asks: one sentence."""

    id: str
    asks: str
    rests_on: str


@dataclass(slots=True)
class Finding:
    """What came of one clause. exchanged: (seconds since the start, "sent" or "received",
    octets with their length before them), in order of time.
    """

    clause: Clause
    verdict: str
    why: str
    exchanged: list[tuple[float, str, bytes]] = field(default_factory=list)


_OPTIONS = "field options is_mandatory, is_uuid, is_ulid"
_APEX = "reference middleware"
_ROWS = (
    ("F01", "A valid Registration is answered with a RegistrationAck that accepts it.",
     "RegistrationAck.acceptance"),
    ("F02", "Every message of the fusion node is valid by the options of the definitions.",
     _OPTIONS),
    ("F03", "An answer names the node that it is for.", "SapientMessage.destination_id"),
    ("F04", "The fusion node has one UUID, the same on every connection.",
     "SapientMessage.node_id"),
    ("F05", "Stamps of answers lie within 5 s of the tester's clock.",
     "SapientMessage.timestamp"),
    ("F06", "A message that arrives octet by octet is read like any other.",
     "TCP framing: 4 octets of length, little-endian"),
    ("F07", "Several messages that arrive in one piece are all read.",
     "TCP framing: 4 octets of length, little-endian"),
    ("F08", "A valid StatusReport is taken without an Error.", "StatusReport"),
    ("F09", "A detection by range and bearing is taken without an Error.",
     "DetectionReport.location_oneof"),
    ("F10", "A detection by latitude and longitude is taken without an Error.",
     "DetectionReport.location_oneof"),
    ("F11", "Detections of one scan that share a stamp are all taken without an Error.", _APEX),
    ("F12", "A message without a mandatory field is answered with an Error.", _OPTIONS),
    ("F13", "A message with an id that is no ULID is answered with an Error.", _OPTIONS),
    ("F14", "A message without any of a mandatory choice is answered with an Error.",
     "oneof option is_mandatory"),
    ("F15", "An Error holds octets of the packet that it is about.", "Error.packet"),
    ("F16", "Octets that are no message are answered with an Error, or end the connection.",
     "Error"),
    ("F17", "After a message that was refused, the next valid one is taken.", "Error"),
    ("F18", "A detection before any registration is not taken: Error, or the connection ends.",
     "Registration first"),
    ("F19", "A Registration without a mandatory field is not accepted.", _OPTIONS),
    ("F20", "A node id in use on one connection is not accepted on a second one.", _APEX),
    ("F21", "A node may register again on its own connection.", "Registration"),
    ("F22", "After GOODBYE the node id is free for a new connection.",
     "StatusReport.System.SYSTEM_GOODBYE"),
    ("F23", "After a connection breaks without GOODBYE its node id is free again within 10 s.",
     _APEX),
    ("F24", "An Alert is answered with an AlertAck of the same alert id.", "AlertAck.alert_id"),
    ("F25", "A Task that a sensor sends is answered REJECTED or with an Error.",
     "TaskAck.task_status"),
    ("F26", "A Task that a sensor sends is not passed on to another node.", "Task"),
    ("F27", "An Error is not answered with an Error.", "Error"),
    ("F28", "A field that the definitions do not know is passed over.",
     "protobuf: unknown fields"),
    ("F29", "A length of 2 GB neither stops the fusion node nor keeps others from registering.",
     "TCP framing: 4 octets of length, little-endian"),
    ("F30", "A connection that stalls in a message does not hold up the others.",
     "TCP framing: 4 octets of length, little-endian"),
    ("E01", "The first message is a Registration.", "Registration first"),
    ("E02", "The Registration is valid by the options of the definitions.", _OPTIONS),
    ("E03", "The Registration names the edition \"BSI Flex 335 v2.0\".",
     "Registration.icd_version"),
    ("E04", "The declared status interval is a positive time.",
     "Registration.StatusDefinition.status_interval"),
    ("E05", "A StatusReport comes within the declared interval (and a quarter more).",
     "Registration.StatusDefinition.status_interval"),
    ("E06", "The first StatusReport has info NEW, not UNCHANGED.", _APEX),
    ("E07", "Every further message is valid by the options of the definitions.", _OPTIONS),
    ("E08", "One connection speaks for one node id, and for dependents that it has named.",
     "SapientMessage.node_id, Registration.dependent_nodes"),
    ("E09", "Stamps do not step back and lie within 5 s of the tester's clock.",
     "SapientMessage.timestamp"),
    ("E10", "Detections of different stamps lie 80 ms or more apart.", _APEX),
    ("E11", "No detection comes before the registration is accepted.", "RegistrationAck"),
    ("E12", "Places lie in the range of their units.",
     "Location.coordinate_system, RangeBearing.coordinate_system"),
    ("E13", "Places come in the units that the Registration declares.",
     "Registration.LocationType"),
    ("E14", "Report ids are new each time.", "report_id: is_ulid"),
    ("E15", "Object ids are new each time where the Registration declares no tracking.",
     "Registration.TrackingType"),
    ("E16", "Confidences lie between 0 and 1.", "DetectionReport: confidence (0-1)"),
    ("E17", "A Task is answered with a TaskAck of the same task id.", "TaskAck.task_id"),
    ("E18", "After an Error of the fusion node the sensor goes on.", "Error"),
)  # fmt: skip
CLAUSES = {row[0]: Clause(*row) for row in _ROWS}
