"""Nodes that speak SAPIENT as the standard asks, but for one fault each: what the tester finds.

Written without the product's validator or session: small, and wrong on purpose.
"""

import asyncio
import contextlib
import time
import uuid

from tocsin.codec.sapient import (
    Sighted,
    encode_registration,
    encode_scan,
    encode_status,
    is_ulid,
    ulid,
)
from tocsin.codec.sapient._protobuf import load

M = load()
LARGEST = 1 << 20


def framed(message):
    data = message.SerializeToString()
    return len(data).to_bytes(4, "little") + data


class FusionNode:
    """Faults bear the name of the clause that they break."""

    def __init__(self, fault=""):
        self.fault, self.names, self.owner, self.writers = fault, {}, {}, {}
        self.own_id = str(uuid.uuid4())
        self.stalled = asyncio.Event()
        self.stalled.set()

    @contextlib.asynccontextmanager
    async def open(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()

    def message(self, talk, to=None):
        message = M.SapientMessage(node_id=self.own_id)
        if self.fault == "F04":
            message.node_id = self.names.setdefault(talk, str(uuid.uuid4()))
        if self.fault != "F03":
            message.destination_id = to or self.owner.get(talk, "")
            if not message.destination_id:
                message.ClearField("destination_id")
        now_s = time.time() - 60.0 * (self.fault == "F05")
        message.timestamp.FromNanoseconds(int(now_s * 1e6) * 1000)
        return message

    async def serve(self, reader, writer):
        talk = object()
        self.writers[talk] = writer
        rest, is_first = b"", True
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while data := await reader.read(4096):
                if self.fault == "F29" and data[3:4] == b"\x7f":
                    self.stalled.clear()
                await self.stalled.wait()
                if self.fault == "F06" and len(data) < 4 and is_first:
                    break
                is_first = False
                rest += data
                size = int.from_bytes(rest[:4], "little")
                if size > LARGEST:
                    break
                if self.fault == "F30" and 0 < len(rest) < size + 4:
                    self.stalled.clear()
                while (
                    len(rest) >= 4
                    and len(rest) >= (size := int.from_bytes(rest[:4], "little")) + 4
                ):
                    one, rest = rest[4 : size + 4], rest[size + 4 :]
                    if self.fault == "F07":
                        rest = b""
                    for answer in self.take(talk, one):
                        writer.write(framed(answer))
                await writer.drain()
        self.writers.pop(talk, None)
        name = self.owner.pop(talk, "")
        if self.fault == "F23" and name:
            self.owner[object()] = name  # for ever
        writer.close()

    def error(self, talk, data, sentence):
        message = self.message(talk)
        message.error.packet = b"something else" if self.fault == "F15" else data[:64]
        message.error.error_message.append(sentence)
        return message

    def take(self, talk, data):
        try:
            message = M.SapientMessage.FromString(data)
        except M.DecodeError:
            return [] if self.fault == "F16" else [self.error(talk, data, "no message")]
        kind = message.WhichOneof("content")
        if self.fault == "F28" and b"\xc2\x3e" in data:
            return [self.error(talk, data, "unknown field")]
        if kind == "registration":
            return [self.register(talk, message)]
        if talk not in self.owner:
            return [] if self.fault == "F18" else [self.error(talk, data, "not registered")]
        if kind == "error":
            return [self.error(talk, data, "no, you")] if self.fault == "F27" else []
        return getattr(self, kind)(talk, message, data)

    def register(self, talk, message):
        name, said = message.node_id, self.message(talk, message.node_id)
        held = any(o == name and t is not talk for t, o in self.owner.items())
        again = self.owner.get(talk) == name
        refusals = {
            "it is in use": held and self.fault != "F20",
            "no edition": not message.registration.icd_version and self.fault != "F19",
            "once is enough": again and self.fault == "F21",
            "not today": self.fault == "F01",
        }
        said.registration_ack.acceptance = not any(refusals.values())
        said.registration_ack.ack_response_reason.extend(k for k, v in refusals.items() if v)
        if said.registration_ack.acceptance:
            self.owner[talk] = name
        return said

    def status_report(self, talk, message, data):
        if self.fault == "F08":
            return [self.error(talk, data, "no status")]
        if (
            message.status_report.system == M.StatusReport.SYSTEM_GOODBYE
            and self.fault != "F22"
        ):
            self.owner.pop(talk)
        return []

    def detection_report(self, talk, message, data):
        report, stamp = message.detection_report, message.timestamp.ToNanoseconds()
        same, self.stamp = stamp == getattr(self, "stamp", 0), stamp
        wrong = {
            "report_id": not report.report_id and self.fault != "F12",
            "object_id": not is_ulid(report.object_id) and self.fault != "F13",
            "place": not report.WhichOneof("location_oneof") and self.fault != "F14",
            "bearing": report.HasField("range_bearing") and self.fault == "F09",
            "location": report.HasField("location") and self.fault == "F10",
            "stamp": same and self.fault == "F11",
        }
        if any(wrong.values()):
            if self.fault == "F17":
                self.deaf = True
            return [self.error(talk, data, ", ".join(k for k, v in wrong.items() if v))]
        return []

    def alert(self, talk, message, data):
        if getattr(self, "deaf", False):
            return []
        said = self.message(talk)
        said.alert_ack.alert_id = (
            ulid(1e9, 1) if self.fault == "F24" else message.alert.alert_id
        )
        if self.fault != "F02":
            said.alert_ack.alert_ack_status = M.AlertAck.ALERT_ACK_STATUS_ACCEPTED
        return [said]

    def task(self, talk, message, data):
        if self.fault == "F26":
            for other, name in self.owner.items():
                if name == message.destination_id and other in self.writers:
                    self.writers[other].write(framed(message))
        said = self.message(talk)
        said.task_ack.task_id = message.task.task_id
        words = M.TaskAck
        status = (
            words.TASK_STATUS_ACCEPTED if self.fault == "F25" else words.TASK_STATUS_REJECTED
        )
        said.task_ack.task_status = status
        return [said]


class EdgeNode:
    """A radar that calls a fusion node, registers, and sends scans and statuses."""

    STATUS_S = 0.4

    def __init__(self, fault=""):
        self.fault, self.name = fault, str(uuid.uuid4())
        self.count, self.accepted = 0, asyncio.Event()

    def new_id(self):
        self.count += 1
        return ulid(time.time(), 1 if self.fault == "E14" else self.count << 8)

    async def run(self, port):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        listening = asyncio.ensure_future(self.listen())
        try:
            with contextlib.suppress(ConnectionError):
                await self.play()
        finally:
            listening.cancel()
            self.writer.close()

    async def listen(self):
        rest = b""
        while data := await self.reader.read(4096):
            rest += data
            while (
                len(rest) >= 4 and len(rest) >= (size := int.from_bytes(rest[:4], "little")) + 4
            ):
                self.hear(M.SapientMessage.FromString(rest[4 : size + 4]))
                rest = rest[size + 4 :]

    def hear(self, message):
        kind = message.WhichOneof("content")
        if kind == "registration_ack":
            self.accepted.set()
        if kind == "error" and self.fault == "E18":
            self.writer.close()
        if kind == "task" and self.fault != "E17":
            said = M.SapientMessage(node_id=self.name, destination_id=message.node_id)
            said.timestamp.FromNanoseconds(int(time.time() * 1e6) * 1000)
            said.task_ack.task_id = message.task.task_id
            said.task_ack.task_status = M.TaskAck.TASK_STATUS_COMPLETED
            self.writer.write(framed(said))

    def registration(self):
        data = encode_registration(
            self.name, time.time(), kind="radar", name="r", status_s=self.STATUS_S, scan_s=0.2
        )
        message = M.SapientMessage.FromString(data[4:])
        said = message.registration
        if self.fault == "E02":
            del said.config_data[:]
        if self.fault == "E03":
            said.icd_version = "SAPIENT 7"
        if self.fault == "E04":
            said.status_definition.status_interval.value = -1
        return framed(message)

    def status(self):
        data = encode_status(
            self.name, time.time(), self.new_id(), lat_deg=48.0, lon_deg=11.0, alt_m=500.0
        )
        message = M.SapientMessage.FromString(data[4:])
        if self.fault == "E06":
            message.status_report.info = M.StatusReport.INFO_UNCHANGED
        if self.fault == "E07":
            message.status_report.ClearField("mode")
        if self.fault == "E08":
            message.node_id = str(uuid.uuid4())
        return framed(message)

    def scan(self, back_s=0.0):
        object_id = ulid(1e9, 7) if self.fault == "E15" else self.new_id()
        seen = Sighted(
            object_id, azimuth_rad=1.0, elevation_rad=0.1, range_m=1000.0,
            confidence=1.5 if self.fault == "E16" else 0.5,
        )  # fmt: skip
        now_s = time.time() - back_s
        data = encode_scan(self.name, now_s, [seen], [self.new_id()])
        message = M.SapientMessage.FromString(data[4:])
        place = message.detection_report.range_bearing
        if self.fault == "E12":
            place.range = -5.0
        if self.fault == "E13":
            place.coordinate_system = M.RANGE_BEARING_COORDINATE_SYSTEM_RADIANS_M
        return framed(message)

    async def play(self):
        if self.fault == "E01":
            self.writer.write(self.status())
        self.writer.write(self.registration())
        if self.fault == "E11":
            self.writer.write(self.scan())
        await self.writer.drain()
        await self.accepted.wait()
        statuses = 0.0
        while not self.writer.is_closing():
            if time.monotonic() - statuses > self.STATUS_S and self.fault != "E05":
                self.writer.write(self.status())
                statuses = time.monotonic()
            self.writer.write(self.scan())
            if self.fault == "E09":
                await asyncio.sleep(0.1)
                self.writer.write(self.scan(back_s=1.0))
            if self.fault == "E10":
                await asyncio.sleep(0.03)
                self.writer.write(self.scan())
            await self.writer.drain()
            await asyncio.sleep(0.15)
