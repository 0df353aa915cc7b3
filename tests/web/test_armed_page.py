"""A watch page tells the service whether its sound really runs; a real service, a real page."""

import time

from tests.web.record_service import cookies_of, record_service


def test_the_service_knows_of_a_page_once_its_sound_is_armed(tmp_path, chromium, built_page):
    with record_service(tmp_path) as running:

        def until(number):
            end = time.monotonic() + 60.0
            while (armed := running.desk.get("/api/v1/pulse")["armed"]) != number:
                assert time.monotonic() < end, f"{armed} pages are armed, not {number}"
                time.sleep(0.2)

        until(0)
        context = chromium.new_context()
        context.add_cookies(cookies_of(running.client, running.url))
        page = context.new_page()
        page.goto(running.url)
        page.get_by_role("button", name="Arm sound").click(timeout=60_000)
        until(1)
        page.get_by_role("button", name="♪ on").click(timeout=60_000)
        until(0)
        page.get_by_role("button", name="Arm sound").click(timeout=60_000)
        until(1)
        context.close()
        until(0)
