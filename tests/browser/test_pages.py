"""What a person sees: the report of a model version, from the file system and over HTTP, and the try-out page."""

import re
from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from dateline.registry import Registry
from tests.conftest import STORY, Server, run

PLOTS = ["confusion", "reliability", "learning", "themes"]
_DRAWN = "return [...document.images].map(i => [i.id, i.complete && i.naturalWidth > 100 && i.alt.length > 5])"


def complaints(browser: Chrome) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def cells(browser: Chrome, table: str) -> list[list[str]]:
    return browser.execute_script(
        "return [...document.querySelectorAll(arguments[0] + ' tr')].slice(1)"
        ".map(row => [...row.cells].map(cell => cell.innerText.trim()))",
        table,
    )  # fmt: skip


def test_the_report_opens_from_the_file_system_with_the_figures_of_evaluate(browser: Chrome, models: Path) -> None:
    version = Registry(models).current()
    browser.get((models / version / "report.html").as_uri())
    assert version in browser.find_element(By.TAG_NAME, "h1").text
    drawn = dict(browser.execute_script(_DRAWN))
    assert set(drawn) >= set(PLOTS)
    assert all(drawn.values())
    assert complaints(browser) == []
    shown = run("training", "evaluate", models=models).stdout.decode()
    figures = dict(re.findall(r"^  ([\w@]+) +(\d\.\d+)$", shown, re.MULTILINE))
    assert {name: value for name, value, _ in cells(browser, "#figures")} == figures
    per_topic = [line.split()[1:] for line in shown.splitlines() if line.startswith("medtop:")]
    assert [row[1:7] for row in cells(browser, "#topics")] == per_topic
    assert len(per_topic) == 17


def test_the_report_over_http_runs_nothing_and_looks_the_same(browser: Chrome, server: Server) -> None:
    version = server.get("/v1/models/current")[1]["version"]
    path = f"/v1/models/{version}/report"
    status, headers, _ = server.request("GET", path)
    assert status == 200
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    browser.get(server.url + path)
    assert all(drawn for _, drawn in browser.execute_script(_DRAWN))
    heading = browser.find_element(By.CSS_SELECTOR, "#topics th")
    assert heading.value_of_css_property("font-weight") == "600"
    assert complaints(browser) == []
    assert server.request("GET", "/v1/models/none/report")[0] == 404


def test_the_try_out_page_classifies(browser: Chrome, server: Server) -> None:
    browser.get(f"{server.url}/docs/swagger")
    wait = WebDriverWait(browser, 30)
    found = "[...document.querySelectorAll('.opblock')].find(b => b.querySelector('[data-path=\"/v1/classify\"]'))"
    classify = wait.until(lambda _: browser.execute_script(f"return {found}"))
    browser.execute_script("arguments[0].scrollIntoView()", classify)
    classify.find_element(By.CSS_SELECTOR, ".opblock-summary-control").click()
    wait.until(lambda _: classify.find_element(By.CSS_SELECTOR, "button.try-out__btn")).click()
    body = wait.until(lambda _: classify.find_element(By.CSS_SELECTOR, "textarea.body-param__text"))
    browser.execute_script(
        "const set = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set;"
        "set.call(arguments[0], arguments[1]); arguments[0].dispatchEvent(new Event('input', {bubbles: true}))",
        body,
        f'{{"text": "{STORY}"}}',
    )
    classify.find_element(By.CSS_SELECTOR, "button.execute").click()
    answer = wait.until(lambda _: classify.find_element(By.CSS_SELECTOR, ".live-responses-table"))
    wait.until(lambda _: "medtop:16000000" in answer.text)
    assert "200" in answer.text
