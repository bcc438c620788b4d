"""The list in Chromium: live, in order, and where it was while somebody is at it."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.executions.rows import ended, leave, menu, reported, row, running, shown
from tests.browser.person import Person


def test_what_waits_and_runs_is_on_top_and_says_how_it_stands(ada: Person):
    """Who asked, the queue position, attempts, exit code and error text are in the row."""
    page = ada.page
    failed = ended(ada, "exit 3", "Failed")
    unstable = ada.request("test -e seen || { touch seen; exit 1; }", config={"retryAttempts": 2})
    waiting = ada.request("true", config={"pool": "gpu"})
    with running(ada) as long:
        newest = ended(ada)
        expect(row(page, unstable)).to_contain_text(re.compile("passed on attempt 2|exit 1"))
        expect(row(page, waiting)).to_contain_text("#1 in queue (pool gpu)")
        expect(row(page, failed)).to_contain_text("exit 3")
        expect(row(page, failed).locator(".execution-by")).to_have_text("Ada")
        expect(page.get_by_role("row").filter(has_text="today")).to_have_count(1)
        assert shown(page) == [waiting, long, newest, unstable, failed]
        expect(page.get_by_role("button", name="Running 1")).to_be_visible()
        expect(page.get_by_role("button", name="Waiting 1")).to_be_visible()


def test_times_tick_by_the_clock_of_the_server(ada: Person):
    """This computer's is wrong by an hour."""
    page = ada.tab()
    page.clock.install()
    page.clock.fast_forward("01:00:00")
    page.goto("/executions")
    ada.sees_link("Live", page)
    with running(ada) as long:
        time = row(page, long).locator(".execution-time")
        expect(time).to_have_text(re.compile(r"^\d+ s$"))
        before = int(time.inner_text().split()[0])
        page.clock.run_for(3000)
        expect(time).to_have_text(re.compile(rf"^({'|'.join(str(before + more) for more in range(3, 9))}) s$"))
        expect(time.locator("time")).to_have_attribute("title", re.compile("since .*20"))


def test_rows_stay_under_the_pointer_and_new_ones_are_counted(ada: Person):
    page = ada.page
    first = ended(ada)
    row(page, first).hover()
    second, third = ada.run("true"), ada.run("sleep 1")
    fresh = page.get_by_role("button", name="2 new ↑")
    expect(fresh).to_be_visible()
    assert shown(page) == [first]
    leave(page)
    expect(fresh).to_have_count(0)
    expect(row(page, third)).to_contain_text("Passed")
    assert shown(page) == [third, second, first]


def test_rows_stay_under_the_focus_change_their_state_and_come_when_asked(ada: Person):
    page = ada.page
    running = ada.run("sleep 2")
    before = ended(ada)
    page.keyboard.press("j")
    expect(row(page, running).get_by_role("link")).to_be_focused()
    after = ada.run("true")
    expect(row(page, running)).to_contain_text("Passed")
    assert shown(page) == [running, before]
    page.get_by_role("button", name="1 new ↑").click()
    expect(row(page, after).get_by_role("link")).to_be_focused()
    assert shown(page)[0] == after
    assert set(shown(page)) == {after, before, running}


def test_older_ones_are_loaded_by_the_page_each_once(ada: Person):
    """By the button, and by the key that goes further down."""
    page = ada.page
    ids = reported(ada, 120)
    page.reload()
    expect(page.locator("tr[data-task]")).to_have_count(50)
    page.get_by_role("button", name="Load older").click()
    expect(page.locator("tr[data-task]")).to_have_count(100)
    page.keyboard.press("j")
    page.keyboard.press("]")
    page.keyboard.press("]")
    expect(row(page, ids[20]).get_by_role("link")).to_be_focused()
    page.keyboard.press("]")
    expect(row(page, ids[0])).to_be_visible()
    expect(page.get_by_role("button", name="Load older")).to_have_count(0)
    assert shown(page) == ids[::-1]
    page.keyboard.press("[")
    expect(row(page, ids[0]).get_by_role("link")).not_to_be_focused()


def test_pages_without_any_are_no_end(ada: Person):
    """The api looks at so many, and says where to go on: the page goes on by itself, then lets one look further."""
    calls: list[str] = []
    nothing = {"executions": [], "live": {"PENDING": 0, "RUNNING": 0, "ANALYZING": 0}}

    def respond(route: Route) -> None:
        calls.append(route.request.url)
        route.fulfill(json={**nothing, "nextCursor": f"c{len(calls)}" if len(calls) < 8 else None})

    ada.page.route("**/api/executions?*", respond)
    ada.page.goto("/executions?status=FAILED&q=x")
    expect(ada.page.get_by_role("heading", name="Nothing matches so far")).to_be_visible()
    assert len(calls) == 5
    ada.page.get_by_role("button", name="Look further back").click()
    expect(ada.page.get_by_role("heading", name="Nothing matches", exact=True)).to_be_visible()
    assert len(calls) == 8
    assert all(f"cursor=c{number}" in calls[number] for number in range(1, 8))


def test_filters_are_in_the_url_and_several_statuses_are_one(ada: Person):
    page = ada.page
    passed, failed = ended(ada), ended(ada, "exit 1", "Failed")
    waiting = ada.request("true", config={"pool": "gpu"}, image="node:22")
    expect(row(page, waiting)).to_be_visible()
    page.get_by_role("button", name="Failed").click()
    expect(page).to_have_url(f"{ada.url}/executions?status=FAILED,ERROR,TIMED_OUT")
    expect(page.locator("tr[data-task]")).to_have_count(1)
    page.get_by_role("button", name="Waiting 1").click()
    expect(page).to_have_url(f"{ada.url}/executions?status=PENDING,FAILED,ERROR,TIMED_OUT")
    expect(page.locator("tr[data-task]")).to_have_count(2)
    assert shown(page) == [waiting, failed]
    page.go_back()
    page.go_back()
    expect(page.get_by_role("button", name="All")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("tr[data-task]")).to_have_count(3)
    page.keyboard.press("/")
    page.keyboard.type(passed)
    expect(page).to_have_url(f"{ada.url}/executions?q={passed}")
    expect(page.locator("tr[data-task]")).to_have_count(1)
    page.reload()
    expect(page.get_by_label("Search by image or id")).to_have_value(passed)
    expect(row(page, passed)).to_be_visible()
    page.goto("/executions?q=there-is-none")
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.locator("tr[data-task]")).to_have_count(3)


def test_more_filters_by_image_pool_asker_and_time(ada: Person):
    page = ada.page
    ended(ada)
    waiting = ada.request("true", config={"pool": "gpu"}, image="node:22")
    expect(row(page, waiting)).to_be_visible()
    page.get_by_role("button", name="More filters").click()
    page.get_by_label("Image", exact=True).fill("no*de")
    page.get_by_label("Image", exact=True).press("Enter")
    expect(page).to_have_url(f"{ada.url}/executions")
    page.get_by_label("Image", exact=True).fill("node*")
    page.get_by_label("Image", exact=True).press("Enter")
    expect(page).to_have_url(f"{ada.url}/executions?image=node*")
    page.get_by_label("Pool").fill("gpu")
    page.get_by_label("Pool").press("Enter")
    page.get_by_label("Created").select_option("the last 24 hours")
    expect(page).to_have_url(f"{ada.url}/executions?image=node*&pool=gpu&since=24h")
    page.keyboard.press("Escape")
    page.get_by_label("by", exact=True).select_option("me")
    expect(page).to_have_url(re.compile("by="))
    expect(page.locator("tr[data-task]")).to_have_count(1)
    assert shown(page) == [waiting]


def test_what_is_live_joins_and_leaves_a_filtered_list(ada: Person):
    page = ada.page
    ended(ada, "exit 1", "Failed")
    page.goto("/executions?status=RUNNING,FAILED")
    ada.sees_link("Live")
    ended_well = ada.run("sleep 1")
    expect(row(page, ended_well)).to_contain_text("Running")
    expect(row(page, ended_well)).to_have_count(0)
    expect(page.locator("tr[data-task]")).to_have_count(1)


@pytest.mark.parametrize("status", [500, 503])
def test_old_rows_stay_below_the_error_of_a_later_read(ada: Person, status: int):
    """Greyed; what the socket tells still reaches them."""
    page = ada.page
    first = ended(ada)
    page.route("**/api/executions?*", lambda route: route.fulfill(status=status, headers={"x-request-id": "req-1"}))
    second = ada.run("true")
    expect(page.get_by_role("alert")).to_contain_text("request req-1", timeout=20_000)
    expect(page.locator(".executions[data-old]")).to_be_visible()
    expect(row(page, first)).to_be_visible()
    expect(row(page, second)).to_contain_text("Passed")
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator(".executions[data-old]")).to_have_count(0)


def test_rows_before_the_answer_come_only_after_a_while(ada: Person):
    page = ada.page
    held: list[Route] = []
    page.route("**/api/executions?*", lambda route: held.append(route))
    page.goto("/executions")
    expect(page.get_by_role("status", name="Loading").locator(".skeleton-row")).to_have_count(8)
    expect(page.locator(".skeleton")).to_have_css("animation-delay", "0.2s")
    for route in held:
        route.continue_()
    page.unroute_all()
    expect(page.get_by_role("heading", name="Nothing has run yet")).to_be_visible()
    expect(page.get_by_text("runcast run alpine:3")).to_be_visible()
    page.get_by_role("link", name="New execution").click()
    expect(page.get_by_role("dialog").get_by_label("Image", exact=True)).to_have_value("alpine:3")


def test_away_the_rows_say_as_of_when_and_change_nothing(ada: Person):
    page = ada.page
    task_id = ended(ada)
    page.context.set_offline(True)
    ada.sees_link("Offline since")
    expect(page.get_by_text("As of")).to_be_visible()
    item = menu(page, task_id, "Run again")
    expect(item).to_have_attribute("aria-disabled", "true")
    expect(item).to_have_attribute("title", re.compile("offline"))
