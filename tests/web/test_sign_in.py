"""Signing in at a provider, as a person does it in a real browser."""

import json

import pytest
from playwright.sync_api import expect
from tests.service.harness import SITE
from tests.service.provider import CLIENT, SECRET, Provider
from tests.web.record_service import RecordService

pytestmark = [pytest.mark.browser, pytest.mark.jit, pytest.mark.slow]

TAGS = json.dumps(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])


@pytest.fixture(scope="module")
def house(tmp_path_factory, built_page):
    """Return a provider and a watch that takes its word for who it is."""
    del built_page
    folder = tmp_path_factory.mktemp("house")
    secrets = folder / "data" / "secrets"
    secrets.mkdir(parents=True)
    (secrets / "oidc").write_text(SECRET)
    with Provider() as provider:
        options = ("--oidc-issuer", provider.issuer, "--oidc-client", CLIENT)
        with RecordService(folder, SITE, options) as running:
            running.person("ada")
            yield provider, running


def test_who_is_not_signed_in_finds_the_way_and_comes_back_to_the_watch(house, chromium, axe):
    _, running = house
    context = chromium.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(running.url)
    way = page.locator('[data-act="sign-in"]')
    expect(way).to_have_text("Sign in at 127.0.0.1")
    for theme in ("night", "day", "contrast"):
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        page.evaluate(axe)
        told = "r => r.violations.map(v => [v.id, v.nodes[0].html])"
        assert page.evaluate(f"axe.run({{runOnly: {TAGS}}}).then({told})") == []
    way.click()
    expect(page.locator("[data-duty]")).to_contain_text("ada")
    page.wait_for_selector('[data-zone="north/apron"]')
    assert page.url.startswith(f"{running.url}/#")
    context.close()


def test_who_has_no_account_is_told_so(house, chromium):
    provider, running = house
    provider.user = "stranger"
    context = chromium.new_context()
    page = context.new_page()
    page.goto(running.url)
    page.locator('[data-act="sign-in"]').click()
    expect(page.locator("body")).to_contain_text("ask an administrator")
    provider.user = "ada"
    context.close()
