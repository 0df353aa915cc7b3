"""What a site file must say of SAPIENT nodes, in sentences."""

from collections.abc import Sequence

from tocsin.codec._site_secrets import check_certificate_names
from tocsin.codec.sapient.ids import own_id_of
from tocsin.codec.sapient.tasks import SENSOR_KINDS
from tocsin.codec.sapient.validate import is_uuid
from tocsin.errors import SiteError
from tocsin.model import ASKED_OF_SENSORS, Node, Sensor

__all__ = [
    "check_node_id", "check_nodes", "check_others", "check_tasks", "check_tls", "check_uuid",
]  # fmt: skip

ASKABLE = tuple(word for word in ASKED_OF_SENSORS if word != "mode")
MODE_LENGTH = 80
_STREAMS = ("tcp-listen", "tcp", "tls")
_EXAMPLE = "for example 3f2b8c1e-5d64-4a0b-9c57-1e8d2f6a7b90"


def check_uuid(text: str, what: str) -> None:
    """Raise SiteError where text is neither empty nor a UUID."""
    if text and not is_uuid(text):
        raise SiteError(f"{what} is {text!r}, which is no UUID; write one, {_EXAMPLE}")


def check_node_id(format: str, node_id: str, listen: Sequence[str], here: str) -> None:
    """Raise SiteError where a sensor's node_id, format and addresses do not go together."""
    check_uuid(node_id, f"{here} node_id")
    if format != "sapient":
        if node_id:
            raise SiteError(
                f'{here} has a node_id and format {format!r}; only "sapient" has one'
            )
        return
    if not node_id:
        raise SiteError(
            f"{here} speaks SAPIENT and has no node_id; give the UUID that the node registers "
            f"with, {_EXAMPLE}"
        )
    for address in listen:
        if address.partition("://")[0] not in _STREAMS:
            raise SiteError(
                f"{here} speaks SAPIENT and listens on {address!r}; SAPIENT comes over TCP: "
                "write tcp-listen://HOST:PORT (the node calls), tcp:// or tls://HOST:PORT "
                "(Tocsin calls)",
                address=address,
            )


def check_tasks(
    format: str, kind: str, tasks: Sequence[str], modes: Sequence[str], here: str
) -> None:
    """Raise SiteError where a sensor is to be asked for what no sensor is asked for."""
    if not tasks and not modes:
        return
    if format != "sapient" or kind not in SENSOR_KINDS:
        raise SiteError(
            f"{here} has tasks or modes; only a radar, camera, acoustic or rf sensor that "
            "speaks SAPIENT is asked for anything"
        )
    for task in tasks:
        if task not in ASKABLE:
            raise SiteError(
                f"{here} has the task {task!r}; it can be {', '.join(ASKABLE)} (modes are "
                "listed by name in modes)"
            )
    if any(not mode.strip() or len(mode) > MODE_LENGTH for mode in modes):
        raise SiteError(f"{here} has an empty mode, or one of over {MODE_LENGTH} characters")


def check_tls(tls: str, tls_clients: str, listen: Sequence[str], here: str) -> None:
    """Raise SiteError where TLS is asked for and cannot be had."""
    schemes = [address.partition("://")[0] for address in listen]
    if tls_clients and (not tls or "tcp-listen" not in schemes):
        raise SiteError(
            f"{here} has tls_clients and no tls, or is not called; name our own certificate in "
            "tls and write tcp-listen://HOST:PORT"
        )
    if tls and not set(schemes) <= {"tcp-listen", "tls"}:
        raise SiteError(
            f"{here} has tls; a sensor that calls tcp-listen://HOST:PORT has it, and one that "
            "we call at tls://HOST:PORT"
        )
    check_certificate_names(here, tls=tls, tls_clients=tls_clients)


def check_others(node: Node, where: str) -> None:
    """Raise SiteError where a sensor is the node itself: it would be its own parent."""
    own_id = own_id_of(node)
    for sensor in node.sensors:
        if sensor.node_id == own_id:
            raise SiteError(
                f"{where}: sensor {sensor.id!r} has the node_id {own_id}, as which this node "
                "registers itself; give the UUID that the other node registers with",
                sensor=sensor.id,
            )


def check_nodes(sensors: Sequence[Sensor], where: str) -> None:
    """Raise SiteError where sensors have one node_id, or share a port with other formats."""
    names: dict[str, str] = {}
    ports: dict[str, Sensor] = {}
    for sensor in sensors:
        if sensor.node_id and sensor.node_id in names:
            raise SiteError(
                f"{where}: sensors {names[sensor.node_id]!r} and {sensor.id!r} have the same "
                "node_id; every node is one sensor",
                sensor=sensor.id,
            )
        names[sensor.node_id] = sensor.id
        for address in sensor.listen:
            first = ports.setdefault(address, sensor)
            if (first.tls, first.tls_clients) != (sensor.tls, sensor.tls_clients):
                raise SiteError(
                    f"{where}: sensors {first.id!r}, {sensor.id!r} share {address} and "
                    "differ in tls or tls_clients; an address has one certificate: "
                    "give both the same",
                    sensor=sensor.id,
                )
            if first.format != sensor.format and "sapient" in (first.format, sensor.format):
                raise SiteError(
                    f"{where}: sensors {first.id!r} and {sensor.id!r} both listen on {address} "
                    "and only one of them speaks SAPIENT; give each its own address",
                    sensor=sensor.id,
                )
