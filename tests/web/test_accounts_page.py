"""The administrator's page in a real browser on a real watch."""

import json
import os
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect
from tests.web.record_service import cookies_of, record_service

pytestmark = [pytest.mark.browser, pytest.mark.jit, pytest.mark.slow]

PICTURES = Path(__file__).parents[2] / "docs" / "operating" / "img"
TAGS = json.dumps(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])


@pytest.fixture(scope="module")
def service(tmp_path_factory, built_page):
    del built_page
    with record_service(tmp_path_factory.mktemp("accounts")) as running:
        answer = running.person("ada").post("/api/v1/pin", json={"pin": "271828"})
        assert answer.status_code == 200, answer.text
        desk = {"name": "North desk", "roles": ["watch officer"], "position": True}
        assert running.client.post("/api/v1/users", json=desk).status_code == 200
        yield running


@pytest.fixture
def page(service, chromium):
    context = chromium.new_context(
        viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
    )
    context.add_cookies(cookies_of(service.client, service.url))
    page = context.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{service.url}/#/accounts")
    expect(page.locator('[data-account="officer"]')).to_be_visible()
    yield page
    context.close()
    assert faults == []


def opened(page, name):
    page.locator(f'[data-account="{name}"] .link').click()
    detail = page.locator(f'[data-account-detail="{name}"]')
    expect(detail).to_be_visible()
    return detail


def stands(page, name):
    return page.locator(f'[data-account="{name}"] [data-stands]')


def test_a_new_account_gets_a_link_that_signs_it_in_once(service, page):
    form = page.locator("[data-new-account]")
    form.get_by_label("Name").fill("night watch")
    form.get_by_label("watch officer", exact=True).check()
    expect(form.locator("[data-may]")).to_contain_text("warn")
    form.get_by_role("button", name="Make it").click()
    link = page.locator("[data-once] input").input_value()
    assert link.startswith(f"{service.url}/enter?token=")
    expect(stands(page, "night watch")).to_have_text("no PIN yet")
    with httpx.Client(timeout=60) as other:
        assert other.get(link).status_code == 303
        me = other.get(f"{service.url}/api/v1/me").json()
        assert (me["user"], me["roles"]) == ("night watch", ["watch officer"])
        assert other.get(link).status_code == 401
    # The same name again would change it unseen: the list is where that is done.
    form.get_by_label("Name").fill("night watch")
    form.get_by_label("viewer").check()
    form.get_by_role("button", name="Make it").click()
    expect(page.locator("[data-new-said]")).to_contain_text("already")


def test_a_duty_position_is_offered_what_it_can_be(page):
    form = page.locator("[data-new-account]")
    form.get_by_label("auditor").check()
    form.get_by_label("a duty position").check()
    expect(form.locator('input[type="checkbox"]')).to_have_count(3)
    expect(form.locator('input[type="checkbox"]:checked')).to_have_count(0)


def test_roles_change_and_a_refusal_is_a_sentence(service, page):
    detail = opened(page, "officer")
    detail.get_by_label("administrator").uncheck()
    detail.locator('[data-act="save"]').click()
    expect(detail.locator("[data-account-said]")).to_contain_text("only administrator")
    detail = opened(page, "ada")
    detail.get_by_label("site commander").check()
    detail.locator('[data-act="save"]').click()
    expect(page.locator('[data-account="ada"]')).to_contain_text("site commander")


def test_sessions_end_and_a_forgotten_pin_is_taken_away(service, page):
    other = service.person("eve")
    page.reload()
    detail = opened(page, "eve")
    expect(detail.locator("[data-session]")).to_have_count(1)
    if os.environ.get("TOCSIN_PICTURES"):  # writes into the source tree: only when asked
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / "accounts.jpg", type="jpeg", quality=72)
    detail.get_by_role("button", name="End", exact=True).click()
    expect(detail.locator("[data-session]")).to_have_count(0)
    assert other.get("/api/v1/me").status_code == 401
    expect(stands(page, "ada")).to_have_text("has a PIN")
    opened(page, "ada").locator('[data-act="pin-reset"]').click()
    expect(stands(page, "ada")).to_have_text("no PIN yet")


def test_an_account_is_shut_by_two_presses_and_opened_again(service, page):
    detail = opened(page, "night watch")
    detail.locator('[data-act="shut"]').click()
    expect(stands(page, "night watch")).not_to_have_text("shut")
    detail.locator('[data-act="shut"]').click()
    expect(stands(page, "night watch")).to_have_text("shut")
    expect(detail.locator('[data-act="save"]')).to_have_count(0)
    detail.locator('[data-act="shut"]').click()
    expect(stands(page, "night watch")).to_have_text("no PIN yet")


def test_a_machine_s_token_is_replaced_and_shown_once(service, page):
    row = page.locator('[data-token="camera"]')
    row.get_by_role("button").click()
    row.get_by_role("button", name="Press again").click()
    token = page.locator("[data-tokens] [data-once] input").input_value()
    answer = httpx.post(
        f"{service.url}/api/v1/detections", json={"detections": []}, timeout=60,
        headers={"Authorization": f"Bearer {token}"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    page.reload()
    expect(page.locator('[data-token="camera"]')).to_be_visible()
    expect(page.locator("[data-once]")).to_have_count(0)


def test_who_is_no_administrator_is_told_whose_page_it_is(service, chromium):
    context = chromium.new_context()
    context.add_cookies(cookies_of(service.person("zoe"), service.url))
    page = context.new_page()
    page.goto(f"{service.url}/#/accounts")
    expect(page.locator("[data-accounts-page]")).to_contain_text("the administrator’s; zoe is")
    expect(page.locator("[data-account]")).to_have_count(0)
    context.close()


@pytest.mark.parametrize("theme", ["night", "day", "contrast"])
def test_axe_finds_nothing(service, page, axe, theme):
    page.goto(f"{service.url}/#/accounts?theme={theme}")
    expect(page.locator('[data-account="officer"]')).to_be_visible()
    expect(opened(page, "officer").locator("[data-session]").first).to_be_visible()
    expect(page.locator('[data-token="camera"]')).to_be_visible()
    page.evaluate(axe)
    told = "r => r.violations.map(v => [v.id, v.nodes[0].html])"
    assert page.evaluate(f"axe.run({{runOnly: {TAGS}}}).then({told})") == []
