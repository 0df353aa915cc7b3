"""What ends when an account is shut, and what a stranger is not told."""

import asyncio
import json

import httpx
import pytest
import websockets
from tests.service.test_roles import signed_in, with_service

from tocsin.service.pseudonyms import Kind


async def end_of(socket):
    """Return the code that a socket is closed with."""
    while True:
        try:
            await asyncio.wait_for(socket.recv(), 60.0)
        except websockets.ConnectionClosed as closed:
            return closed.rcvd.code


@pytest.mark.parametrize("place", ["live", "playback"])
def test_a_socket_ends_with_the_account_that_it_was_opened_by(tmp_path, place):
    async def check(running):
        mal = await signed_in(running, "mal", ["viewer"])
        cookie = {"Cookie": f"tocsin_session={mal.cookies['tocsin_session']}"}
        url = running.url.replace("http", "ws") + f"/api/v1/{place}"
        async with websockets.connect(url, additional_headers=cookie) as socket:
            shut = {"name": "mal", "disabled": True}
            await running.client.post("/api/v1/users/disable", json=shut)
            assert await end_of(socket) == 4401
        await running.until(lambda: not running.hall.hub.viewers)
        await mal.aclose()

    with_service(tmp_path, check)


def test_nobody_learns_a_name_by_asking_with_its_pseudonym(tmp_path):
    """A sentence that repeats what was asked would be an oracle."""

    async def check(running):
        people = running.hall.people
        serial = b"1581F4XF0123456789AB"
        drone = people.name(Kind.SERIAL, serial, 1.0).form.shown
        staff = people.staff("Anna Miller")
        people.flush()
        async with httpx.AsyncClient(base_url=running.url) as stranger:
            origin = {"Origin": f"http://{drone}.{staff}"}
            refused = await stranger.post("/api/v1/sign-out", headers=origin)
            body = {"sensor": "camera", "detections": [{staff: 1}]}
            posted = await stranger.post(
                "/api/v1/detections", headers=running.bearer(), json=body
            )
        assert staff in posted.text
        for said in (refused.text, posted.text):
            assert "Anna" not in said
            assert serial.decode() not in said
        told = await running.client.post("/api/v1/acts", json={"verb": staff, "key": "k"})
        assert "Anna Miller" in json.dumps(told.json()), "people of this house are told"

    with_service(tmp_path, check)
