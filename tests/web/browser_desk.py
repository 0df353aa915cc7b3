"""A desk whose acts a person types into the forms of the incident pages, in a real browser."""

import json
from typing import Any

from playwright.sync_api import expect
from tests.record.desk import Desk

TIMES = ("happened", "published", "when", "said", "captured", "at")
FIRST = ("identity", "state")  # other fields are asked only with some of their values
NOT_ASKED = ("id", "span")  # the register gives ids, and the page finds the words by itself


class BrowserDesk(Desk):
    """`ids`: which id the register gave to a row that the test calls otherwise."""

    def __init__(self, page: Any) -> None:
        super().__init__()
        self.page, self.ids = page, {}

    def act(self, verb, *, user="editor-1", **body):
        self.fill(verb, body)
        with self.page.expect_response("**/api/v1/record") as answered:
            self.page.locator(f'[data-form="{verb}"] button[type="submit"]').click()
        said = answered.value.json()
        assert said["accepted"], said["sentence"]
        expect(self.page.locator(f'[data-form="{verb}"]')).to_have_count(0)
        self.ids[body.get("id") or said["id"]] = said["id"]
        return said["id"]

    def fill(self, verb, body):
        """Open the form of a verb and type in what a body holds."""
        self.page.keyboard.press("a")
        self.page.locator(f'[data-add="{verb}"]').click()
        form = self.page.locator(f'[data-form="{verb}"]')
        folded = form.locator("details:not([open]) > summary")
        if folded.count():
            folded.click()
        names = sorted(body, key=lambda name: name not in FIRST)
        for name in names:
            if name not in NOT_ASKED and body[name] not in ("", [], None):
                self._fill_field(form.locator(f'[data-field="{name}"]'), name, body[name])

    def _fill_field(self, field, name, value):
        if name == "chain":
            self._fill_chain(field, value)
        elif name == "blocks":
            self._fill_blocks(field, value)
        elif name in TIMES:
            self._fill_time(field, name, value)
        elif name in ("about", "incidents"):
            wanted = [self.ids[one] for one in value]
            for one in wanted:
                field.locator(f'input[value="{one}"]').check()
            for box in field.locator("input:checked").all():
                if box.input_value() not in wanted:  # the incident of the page that is open
                    box.uncheck()
        else:
            box = field.locator(f"#f-{name}")
            if box.evaluate("e => e.tagName") == "SELECT":
                box.select_option(self.ids.get(value, value))
            else:
                box.fill(", ".join(value) if isinstance(value, list) else str(value))

    def _fill_chain(self, field, steps):
        for at, step in enumerate(steps):
            if at:
                field.get_by_role("button", name="Add “through …”").click()
            one = field.locator("li").nth(at)
            one.locator(f'[data-step="{at}"]').select_option(self.ids[step["source"]])
            if not step.get("explicit", True):
                one.get_by_role("checkbox").check()
                one.get_by_placeholder("how it is known").fill(step["note"])

    def _fill_blocks(self, field, blocks):
        field.locator("#f-blocks").fill("\n\n".join(b["text"] for b in blocks if b.get("text")))
        order = [b for b in blocks if b.get("text")]
        for block in blocks:
            if not block.get("text"):
                field.get_by_role("button", name="Add a part of the page without").click()
                order.append(block)
        for wanted, block in enumerate(blocks):
            at = next(k for k, b in enumerate(order) if b is block)
            while at > wanted and not block.get("text"):
                field.get_by_role("button", name=f"Block {at + 1} one place up").click()
                order[at - 1], order[at] = order[at], order[at - 1]
                at -= 1
        for at, block in enumerate(blocks, start=1):
            if block["kind"] != "paragraph":
                kind = field.get_by_label(f"What block {at} is", exact=True)
                kind.select_option(block["kind"])
                state = field.get_by_label(f"How block {at} was shown", exact=True)
                state.select_option(block.get("state", ""))

    def _fill_time(self, field, name, time):
        field.locator(f"#f-{name}").fill(time.get("verbatim", ""))
        if time.get("why_unresolved"):
            field.get_by_label("Why it cannot be resolved").fill(time["why_unresolved"])

    def named(self, text):
        """Return words of the page with the ids that the test knows in place of the given."""
        for mine, given in sorted(self.ids.items(), key=lambda i: -len(i[1])):
            text = text.replace(given, mine)
        return text

    def noun(self, get, kind, name):
        """Return a row's noun as the service holds it, under the test's own ids."""
        rows = get("/api/v1/record/rows", kind=kind)["rows"]
        row = next(r for r in rows if r["id"] == self.ids[name])
        return json.loads(self.named(json.dumps(row["noun"])))
