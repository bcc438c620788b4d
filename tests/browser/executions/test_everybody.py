"""The list and the dialog for everybody: axe in both themes, a phone, forced colours, hostile text, nonsense URLs."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.executions.rows import RIGHT_TO_LEFT, ended, menu, row, running
from tests.browser.person import Person
from tests.parts.browser.axe import assert_usable


def test_axe_finds_nothing_serious_on_the_list(ada: Person):
    """Empty, with rows of each tone, with a menu, and with filters that leave nothing."""
    page = ada.page
    expect(page.get_by_role("heading", name="Nothing has run yet")).to_be_visible()
    assert_usable(page)
    passed = ended(ada)
    ended(ada, "exit 1", "Failed")
    ada.request("true", config={"pool": "gpu"})
    with running(ada):
        expect(page.locator(".activity canvas")).to_be_visible()
        page.get_by_text("as a table").click()
        assert_usable(page)
    menu(page, passed, "Run again")
    assert_usable(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="More filters").click()
    assert_usable(page)
    page.goto("/executions?q=there-is-none")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    assert_usable(page)


def test_axe_finds_nothing_serious_on_the_dialogs(ada: Person):
    page = ada.page
    task_id = ended(ada)
    menu(page, task_id, "Delete").click()
    assert_usable(page)
    page.goto("/executions/new")
    page.get_by_role("button", name="Add a secret").click()
    for summary in page.get_by_role("dialog").locator("summary").all():
        summary.click()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("Name an image")).to_be_visible()
    assert_usable(page)


def test_on_a_phone_rows_are_cards_and_nothing_scrolls_sideways(ada: Person):
    page = ada.page
    task_id = ended(ada, "echo a command that is longer than a phone is wide, by far", "Passed")
    page.set_viewport_size({"width": 360, "height": 640})
    box = row(page, task_id).bounding_box()
    assert box
    assert box["height"] < 80
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(row(page, task_id).get_by_role("link", name="local")).to_be_visible()
    page.mouse.click(box["x"] + 40, box["y"] + box["height"] - 10)
    expect(page).to_have_url(f"{ada.url}/executions/{task_id}")


def test_the_last_hour_is_a_chart_words_and_a_table(ada: Person):
    page = ada.page
    with running(ada):
        expect(page.get_by_text(re.compile("This minute up to 1 running"))).to_be_visible(timeout=20_000)
        expect(page.locator(".activity canvas")).to_be_visible()
        page.get_by_text("as a table").click()
        expect(page.get_by_role("table", name="The last hour by the minute").locator("tbody tr")).not_to_have_count(0)
    assert page.evaluate("performance.getEntriesByType('resource').some(({name}) => name.includes('/plot-'))")


HOSTILE = "<img src=x onerror=alert(1)>\u202e\u200bgnp.exe"


def test_hostile_text_in_every_field_is_text(people: Callable[..., Person]):
    """Names, commands, errors and pools are shown, and what deceives by its code; nothing becomes markup."""
    eve = people(HOSTILE)
    eve.email = f"eve-{eve.organization[-8:]}@example.com"
    eve.sign_up()
    page = eve.page
    task_id = eve.run(f"echo '{HOSTILE}'; exit 1")
    expect(row(page, task_id)).to_contain_text("Failed", timeout=20_000)
    expect(row(page, task_id).locator(".execution-command")).to_contain_text(
        f"<img src=x onerror=alert(1)>{RIGHT_TO_LEFT}"
    )
    expect(row(page, task_id).locator(".execution-by")).to_contain_text(f"<img src=x onerror=alert(1)>{RIGHT_TO_LEFT}")
    key = eve.call("POST", "/api/keys", {"name": HOSTILE, "kind": "worker-key"})["secret"]
    report = {"taskId": "hostile", "status": "FAILED", "image": HOSTILE, "error": HOSTILE * 50}
    eve.post("/executions/update", report, {"Authorization": f"Bearer {key}"})
    expect(row(page, "hostile").locator(".execution-image")).to_contain_text(RIGHT_TO_LEFT)
    expect(row(page, "hostile").locator(".execution-told")).to_contain_text(RIGHT_TO_LEFT)
    menu(page, "hostile", "Delete").click()
    expect(page.get_by_role("dialog")).to_contain_text(RIGHT_TO_LEFT)
    assert page.locator("img").count() == 0
    assert "\u202e" not in page.get_by_role("table", name="Executions").inner_text()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("status=FAILED,nonsense", "status has what is no status"),
        ("since=yesterday&image=*", "since is no time"),
        ("image=a*b*", "image takes a * at its end only"),
        ("pool=%00&by=%F0%9F", "pool is no name of a pool"),
        ("q=" + "x" * 5000, "q was cut"),
    ],
)
def test_what_a_url_cannot_mean_is_named_and_the_rest_holds(ada: Person, query: str, said: str):
    ada.page.goto(f"/executions?{query}")
    expect(ada.page.get_by_text("Not used of this URL")).to_contain_text(said)
    ada.sees_link("Live")
    expect(ada.page.get_by_role("alert")).to_have_count(0)


def test_the_lists_of_two_organizations_side_by_side(ada: Person, people: Callable[..., Person]):
    """Rows, counts, askers and the last hour are each one's own, live and after a reload."""
    bob = people("Bob")
    bob.sign_up()
    own = ended(ada, "echo of-ada")
    with running(ada):
        other = ended(bob, "echo of-bob")
        for person, task_id, others in ((ada, own, "of-bob"), (bob, other, "of-ada")):
            for _ in range(2):
                expect(row(person.page, task_id)).to_contain_text("Passed", timeout=20_000)
                expect(person.page.get_by_text(others)).to_have_count(0)
                person.page.reload()
        expect(ada.page.get_by_role("button", name="Running 1")).to_be_visible()
        expect(bob.page.get_by_role("button", name="Running 0")).to_be_visible()
        expect(bob.page.get_by_label("by", exact=True).locator("option")).to_have_text(["anyone", "me"])
        bob.page.goto(f"/executions?q={own}")
        expect(bob.page.get_by_role("heading", name="Nothing matches")).to_be_visible()
