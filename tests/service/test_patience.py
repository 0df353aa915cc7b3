"""A web caller that drips is closed with a reason in the log; who asks properly is not."""

import asyncio
import contextlib

import pytest
import uvicorn
from tests.ports import free_port

from tocsin.service import patience
from tocsin.service.patience import PatientHttp


async def app(scope, receive, send):
    """Answer with how much was posted."""
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


async def with_server(test):
    port = free_port()
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, http=PatientHttp, lifespan="off", log_config=None,
        timeout_keep_alive=60,
    )  # fmt: skip
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        await test(port)
    finally:
        server.should_exit = True
        await serving


def test_who_does_not_read_the_answer_is_closed_and_who_reads_it_slowly_is_not(
    monkeypatch, capsys
):
    monkeypatch.setattr(patience, "LOOK_S", 0.4)

    async def long_answer(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(400):
            part = {"type": "http.response.body", "body": b"x" * 65_536, "more_body": True}
            await send(part)
        await send({"type": "http.response.body", "body": b""})

    monkeypatch.setitem(globals(), "app", long_answer)

    async def test(port):
        asked = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        slow, to_slow = await asyncio.open_connection("127.0.0.1", port, limit=4096)
        _, to_deaf = await asyncio.open_connection("127.0.0.1", port, limit=4096)
        to_slow.write(asked)
        to_deaf.write(asked)
        read, end = 0, asyncio.get_running_loop().time() + 3.0
        while asyncio.get_running_loop().time() < end:
            read += len(await slow.read(60_000))
            await asyncio.sleep(0.02)
        while part := await slow.read(1_000_000):
            read += len(part)
        assert read > 400 * 65_536
        for writer in (to_slow, to_deaf):
            writer.close()

    asyncio.run(with_server(test))
    said = capsys.readouterr().out
    assert said.count("a caller was closed") == 1
    assert "nothing read of its answer" in said


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"", "nothing in 0 octets"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: ", "a request in 28 octets"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc", "a request in"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT", "a request in"),
    ],
)
def test_a_request_that_does_not_get_together_is_closed(monkeypatch, capsys, sent, why):
    monkeypatch.setattr(patience, "LOOK_S", 0.3)

    async def test(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        try:
            while await asyncio.wait_for(reader.read(1000), 60):
                pass
        except ConnectionResetError:
            pass
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    asyncio.run(with_server(test))
    out = "".join(capsys.readouterr())
    assert "a caller was closed" in out
    assert why in out


def test_who_asks_now_and_then_on_one_connection_is_answered(monkeypatch, capsys):
    monkeypatch.setattr(patience, "LOOK_S", 0.1)

    async def test(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for size in (3, 70_000):
            head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n"
            writer.write(head.encode() + bytes(size))
            await asyncio.wait_for(reader.readuntil(str(size).encode()), 60)
            await asyncio.sleep(0.5)  # several looks at a connection that owes nothing
        assert not reader.at_eof()
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    asyncio.run(with_server(test))
    assert "a caller was closed" not in "".join(capsys.readouterr())


def test_who_opens_too_many_connections_loses_one_and_another_still_gets_in(
    monkeypatch, capsys
):
    monkeypatch.setattr(patience, "MOST", 20)

    async def test(port):
        async def open_from(host):
            return await asyncio.open_connection("127.0.0.1", port, local_addr=(host, 0))

        crowd = [await open_from("127.0.0.1") for _ in range(30)]
        await asyncio.sleep(0.2)
        ended = [reader.at_eof() for reader, _ in crowd]
        assert ended == [False] * 20 + [True] * 10
        reader, writer = await open_from("127.0.0.2")
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"200 OK" in await asyncio.wait_for(reader.read(), 5.0)
        await asyncio.sleep(0.1)
        assert sum(reader.at_eof() for reader, _ in crowd) == 11
        for _, one in (*crowd, (reader, writer)):
            one.close()

    asyncio.run(with_server(test))
    assert "21 connections, 21 of one caller" in capsys.readouterr().out, "told once a second"
