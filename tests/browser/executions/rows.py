"""The rows of the list, as tests look at them."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, expect

from tests.browser.person import Person

RIGHT_TO_LEFT = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}U+202E\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
"""How the page shows the character that turns text around."""


def row(page: Page, task_id: str) -> Locator:
    return page.locator(f"tr[data-task='{task_id}']")


def shown(page: Page) -> list[str]:
    """Return the ids of the rows from the top."""
    ids: list[str] = page.locator("tr[data-task]").evaluate_all("rows => rows.map(row => row.dataset.task)")
    return ids


def menu(page: Page, task_id: str, item: str) -> Locator:
    """Open a row's menu; return one of its items."""
    row(page, task_id).get_by_role("button", name="Actions for").click()
    return page.get_by_role("menuitem", name=item)


def leave(page: Page) -> None:
    """Take the pointer and the focus away from the list."""
    page.mouse.move(300, 10)
    page.evaluate("document.activeElement.blur()")


def ended(person: Person, command: str = "true", status: str = "Passed") -> str:
    """Run something; return its id once the list shows its end."""
    leave(person.page)
    task_id = person.run(command)
    expect(row(person.page, task_id)).to_contain_text(status, timeout=20_000)
    return task_id


@contextmanager
def running(person: Person) -> Iterator[str]:
    """Have something run, whose id this is, until it is left; the runner has few places."""
    leave(person.page)
    task_id = person.run("sleep 60")
    try:
        expect(row(person.page, task_id)).to_contain_text("Running", timeout=20_000)
        yield task_id
    finally:
        if person.call("GET", f"/api/executions/{task_id}")["status"] in ("PENDING", "RUNNING"):
            person.call("POST", f"/api/executions/{task_id}/cancel")


def reported(person: Person, count: int) -> list[str]:
    """Have a worker report so many that passed; return their ids, the oldest first."""
    key = person.call("POST", "/api/keys", {"name": "worker", "kind": "worker-key"})["secret"]
    ids = [f"reported-{number:03}" for number in range(count)]
    for task_id in ids:
        body = {"taskId": task_id, "status": "PASSED", "image": "worker"}
        person.post("/executions/update", body, {"Authorization": f"Bearer {key}"})
    return ids
