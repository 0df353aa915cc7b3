"""What a fusion node answers: acknowledgements and errors, and nothing that commands.

A task from anybody is answered REJECTED; there is no function here that makes a task.
"""

from typing import Any

from tocsin.codec.sapient._protobuf import load
from tocsin.codec.sapient.framing import frame
from tocsin.codec.sapient.validate import is_uuid

__all__ = [
    "alert_ack", "error", "is_rejection", "registration_ack", "stamp_into", "task_rejected",
]  # fmt: skip

_PACKET_LIMIT = 1024  # octets of a refused message that are sent back
_NO_TASKS = "this node senses and warns; it takes no tasks and passes none on"


def stamp_into(message: Any, time_s: float) -> None:
    """Set the message's time, to the microsecond."""
    micros = round(time_s * 1e6)
    message.timestamp.seconds, rest = divmod(micros, 1_000_000)
    message.timestamp.nanos = rest * 1000


def _message(own_id: str, to: str, time_s: float) -> Any:
    message = load().SapientMessage(node_id=own_id)
    # Who gave what is no UUID for its own id is answered without it: a wrong id is not sent on.
    if is_uuid(to):
        message.destination_id = to
    stamp_into(message, time_s)
    return message


def registration_ack(own_id: str, to: str, time_s: float, reasons: tuple[str, ...]) -> bytes:
    """Return the frame that accepts a registration, or refuses it for the reasons given."""
    message = _message(own_id, to, time_s)
    message.registration_ack.acceptance = not reasons
    message.registration_ack.ack_response_reason.extend(reasons)
    return frame(message.SerializeToString())


def alert_ack(own_id: str, to: str, time_s: float, alert_id: str) -> bytes:
    """Return the frame that says that an alert has come."""
    message = _message(own_id, to, time_s)
    message.alert_ack.alert_id = alert_id
    message.alert_ack.alert_ack_status = load().AlertAck.ALERT_ACK_STATUS_ACCEPTED
    return frame(message.SerializeToString())


def task_rejected(own_id: str, to: str, time_s: float, task_id: str) -> bytes:
    """Return the frame that refuses a task."""
    message = _message(own_id, to, time_s)
    message.task_ack.task_id = task_id
    message.task_ack.task_status = load().TaskAck.TASK_STATUS_REJECTED
    message.task_ack.reason.append(_NO_TASKS)
    return frame(message.SerializeToString())


def is_rejection(message: Any) -> bool:
    """Tell whether an acknowledgement of a task says REJECTED, the only one that we give."""
    answer = message.task_ack
    return bool(answer.task_status == answer.TASK_STATUS_REJECTED)


def error(
    own_id: str, to: str, time_s: float, packet: bytes, sentences: tuple[str, ...]
) -> bytes:
    """Return the frame that says what is wrong with a message, with its first octets."""
    message = _message(own_id, to, time_s)
    message.error.packet = packet[:_PACKET_LIMIT]
    message.error.error_message.extend(sentences)
    return frame(message.SerializeToString())
