"""Keys for programs, made in Chromium and used by HTTP."""

import re
import subprocess
from collections.abc import Callable

import httpx
from playwright.sync_api import Page, expect

from tests.browser.people.test_people import joined
from tests.browser.person import Person
from tests.parts.browser.axe import assert_usable


def make(page: Page, **fields: str) -> str:
    """Fill in the form of a new key and send it; return the secret that is shown."""
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    for label, value in fields.items():
        field = dialog.get_by_label(label, exact=True)
        if label in {"Kind", "Role"}:
            field.select_option(value)
        else:
            field.fill(value)
    dialog.get_by_role("button", name="Make the key").click()
    return dialog.get_by_label("Key", exact=True).input_value()


def test_a_key_for_ci_is_made_used_and_revoked(ada: Person):
    """The line that is shown works as it is pasted; the secret is gone with the dialog."""
    page = ada.page
    page.goto("/settings/keys")
    expect(page.get_by_role("heading", name="No keys yet")).to_be_visible()
    secret = make(page, Name="CI of <b>the shop</b>", Images="acme/*, alpine:3", Pools="default")
    dialog = page.get_by_role("dialog")
    environment = dialog.get_by_label("Environment").input_value()
    line = dialog.get_by_label("Try it").input_value()
    assert_usable(page)
    script = "\n".join([*(f"export {each}" for each in environment.splitlines()), line])
    said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, timeout=30).stdout
    assert "taskId" in said, said
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert secret not in page.content()
    page.reload()
    row = page.get_by_role("row", name=re.compile("CI of"))
    expect(row).to_contain_text("images: acme/*, alpine:3")
    expect(row).to_contain_text("pools: default")
    expect(row).not_to_contain_text("never")
    refused = httpx.post(
        f"{ada.url}/api/execution-request", headers={"Authorization": f"Bearer {secret}"}, json={"image": "other:1"}
    )
    assert refused.status_code == 403, refused.text
    row.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("heading", name="No keys yet")).to_be_visible()
    after = httpx.get(f"{ada.url}/api/executions", headers={"Authorization": f"Bearer {secret}"})
    assert after.status_code == 401


def test_a_worker_key_has_no_scope_and_reports(ada: Person):
    page = ada.page
    page.goto("/settings/keys")
    secret = make(page, Kind="worker-key", Name="worker", **{"Days that it is good": "30"})
    script = "\n".join(
        [
            *(f"export {each}" for each in page.get_by_label("Environment").input_value().splitlines()),
            page.get_by_label("Try it").input_value(),
        ]
    )
    assert secret.startswith("rcw_")
    said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, timeout=30).stdout
    assert "broadcasted" in said, said
    page.keyboard.press("Escape")
    expect(page.get_by_role("row", name=re.compile("^worker"))).to_contain_text("report as a worker")
    assert_usable(page)


def test_what_a_key_cannot_be_is_said_in_the_dialog(ada: Person):
    """The fields stay as they are, and Try again is the button."""
    page = ada.page
    page.goto("/settings/keys")
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("odd")
    dialog.get_by_label("Images").fill("-oops")
    dialog.get_by_role("button", name="Make the key").click()
    expect(dialog.get_by_role("alert")).to_contain_text("images")
    expect(dialog.get_by_label("Name", exact=True)).to_have_value("odd")
    dialog.get_by_label("Images").fill("")
    dialog.get_by_role("button", name="Make the key").click()
    expect(dialog.get_by_label("Key", exact=True)).to_be_visible()


def test_who_is_no_admin_sees_why_there_is_nothing(ada: Person, people: Callable[..., Person]):
    ada.call("POST", "/api/keys", {"name": "secret plan", "kind": "api-key", "role": "viewer"})
    bob = joined(ada, people, "viewer")
    bob.page.goto("/settings/keys")
    expect(bob.page.get_by_text("You are viewer: admins see and make the keys.")).to_be_visible()
    expect(bob.page.get_by_role("button", name="New key")).to_have_attribute("aria-disabled", "true")
    expect(bob.page.get_by_text("secret plan")).to_have_count(0)
    assert_usable(bob.page)
