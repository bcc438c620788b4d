"""The dialog that requests an execution."""

import re

from playwright.sync_api import Page, Route, expect

from tests.browser.executions.rows import RIGHT_TO_LEFT
from tests.browser.person import Person


def form(page: Page, query: str = "") -> None:
    page.goto(f"/executions/new{query}")
    expect(page.get_by_role("dialog", name="New execution")).to_be_visible()


def run(page: Page) -> None:
    page.get_by_role("button", name="Run", exact=True).click()


def test_a_url_fills_it_in_and_a_click_leads_to_the_execution(ada: Person):
    page = ada.page
    form(page, "?image=local&command=echo+hi+%26%26+true")
    expect(page.get_by_label("Image", exact=True)).to_have_value("local")
    expect(page.get_by_label("Command", exact=True)).to_have_value("echo hi && true")
    run(page)
    expect(page).to_have_url(re.compile(r"/executions/[0-9a-f]{32}$"))
    page.go_back()
    page.goto("/executions")
    expect(page.locator("tr[data-task]")).to_contain_text("Passed", timeout=20_000)


def test_all_that_people_use_is_requested_and_shown_for_a_terminal(ada: Person):
    page = ada.page
    form(page)
    page.get_by_label("Image", exact=True).fill("local")
    page.get_by_label("Command", exact=True).fill('test "$A" = "it\'s" && test ${#KEY} = 7')
    page.get_by_role("button", name="Add a variable").click()
    page.keyboard.type("A")
    page.get_by_label("Value of A").fill("it's")
    page.get_by_role("button", name="Add a secret").click()
    page.keyboard.type("KEY")
    page.get_by_label("Value of KEY").fill("hunter2")
    page.get_by_text("Timeout, retries").click()
    for label, value in {"Timeout": "10m", "Retries": "2", "Priority": "5", "Memory, MB": "64", "CPUs": "1"}.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Run it again if its runner is lost").check()
    page.get_by_text("The same from a terminal").click()
    line = page.get_by_label("With the command line").input_value()
    assert line.startswith("runcast run -e 'A=it'\\''s' --secret KEY --timeout 10m --retries 2 --retry-on-loss")
    assert "hunter2" not in line + page.get_by_label("With curl").input_value()
    run(page)
    expect(page).to_have_url(re.compile(r"/executions/[0-9a-f]{32}$"))
    task_id = page.url.rpartition("/")[2]
    config = ada.call("GET", f"/api/executions/{task_id}")["request"]["config"]
    assert config == {
        "envVars": {"A": "***"},
        "secrets": {"KEY": "***"},
        "timeoutSeconds": 600,
        "retryAttempts": 2,
        "retryOnLoss": True,
        "priority": 5,
        "resources": {"memoryMb": 64, "cpus": 1},
    }
    page.goto("/executions")
    expect(page.locator("tr[data-task]")).to_contain_text("Passed", timeout=20_000)


def test_what_is_wrong_stands_at_its_field(ada: Person):
    """What the page knows itself, and what only the api says; nothing that was typed is lost."""
    page = ada.page
    form(page)
    run(page)
    expect(page.get_by_label("Image", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("Name an image")).to_be_visible()
    page.get_by_label("Image", exact=True).fill("Not an image!")
    page.get_by_text("Timeout, retries").click()
    page.get_by_label("Retries", exact=True).fill("99")
    page.get_by_role("button", name="Add a variable").click()
    page.keyboard.type("1x")
    run(page)
    expect(page.get_by_role("alert")).to_contain_text("INVALID_REQUEST")
    expect(page.get_by_text("less than or equal to 10")).to_be_visible()
    expect(page.get_by_text(re.compile("1x: String should match"))).to_be_visible()
    expect(page.get_by_label("Image", exact=True)).to_have_value("Not an image!")
    page.get_by_label("Image", exact=True).fill("local")
    page.get_by_label("Command", exact=True).fill("true")
    page.get_by_label("Retries", exact=True).fill("0")
    page.get_by_role("button", name="Remove 1x").click()
    run(page)
    expect(page).to_have_url(re.compile(r"/executions/[0-9a-f]{32}$"))


def test_a_lost_answer_starts_no_second_one_and_a_changed_request_does(ada: Person):
    page = ada.page
    form(page, "?image=local&command=true")

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/api/execution-request", lose)
    run(page)
    expect(page.get_by_role("alert")).to_contain_text("It may have been taken all the same")
    page.get_by_label("Command", exact=True).fill("echo other")
    run(page)
    expect(page.get_by_role("alert")).to_contain_text("UNREACHABLE")
    page.get_by_label("Command", exact=True).fill("true")
    page.unroute_all()
    run(page)
    expect(page).to_have_url(re.compile(r"/executions/[0-9a-f]{32}$"))
    commands = [each["command"] for each in ada.call("GET", "/api/executions")["executions"]]
    assert sorted(commands) == ["echo other", "true"]


def test_it_stands_over_the_list_as_it_was_and_leads_back(ada: Person):
    """Its own `image` narrows nothing; the focus is where it was."""
    page = ada.page
    ada.run("true")
    page.goto("/executions?q=loc&status=PASSED,FAILED")
    expect(page.locator("tr[data-task]")).to_have_count(1)
    page.keyboard.press("n")
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page).to_have_url(f"{ada.url}/executions/new")
    expect(page.locator("tr[data-task]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page).to_have_url(f"{ada.url}/executions?q=loc&status=PASSED,FAILED")
    page.get_by_role("link", name="New").click()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(page).to_have_url(f"{ada.url}/executions?q=loc&status=PASSED,FAILED")
    expect(page.get_by_role("link", name="New")).to_be_focused()
    form(page, "?image=x&command=y")
    page.keyboard.press("Escape")
    expect(page).to_have_url(f"{ada.url}/executions")


def test_a_command_that_hides_something_says_so(ada: Person):
    """A link may have brought it."""
    form(ada.page, "?image=local&command=echo%20%E2%80%AEgnp.x")
    expect(ada.page.get_by_text(f"Not all of it can be seen: echo {RIGHT_TO_LEFT}gnp.x")).to_be_visible()
