"""A person in JupyterLab: opens the first notebook, runs all, changes the what-if cell, and sees the change."""

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "notebooks/00-start-here.ipynb"
PATIENCE = 180  # seconds

needs_browser = pytest.mark.skipif(
    not (shutil.which("chromium") and shutil.which("chromedriver")),
    reason="no chromium with chromedriver here (Debian: apt-get install chromium chromium-driver)",
)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture
def lab(tmp_path):
    """A server over a copy of the notebook, all of whose own files lie in the test's folder."""
    (tmp_path / "work").mkdir()
    # All cells on the page at once, as on a tall screen; and no question about news in front of them.
    for place, settings in {
        "notebook-extension/tracker": {"windowingMode": "none"},
        "apputils-extension/notification": {"fetchNews": "false"},
    }.items():
        file = tmp_path / "settings/@jupyterlab" / f"{place}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(settings))
    shutil.copy(NOTEBOOK, tmp_path / "work")
    port, token = free_port(), secrets.token_hex(16)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("SCURVE_", "JPY_"))}
    environment |= {
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "npm_config_cache": str(tmp_path / "npm"),
        "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces"),
        "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
        "SCURVE_DATA": str(tmp_path / "tables"),
        "SCURVE_SCALE": "check",
    }
    command = [
        ROOT / ".venv/bin/jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
        "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={tmp_path / 'work'}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    with open(tmp_path / "server.log", "w") as log:
        server = subprocess.Popen(list(map(str, command)), env=environment, stdout=log, stderr=log, cwd=tmp_path)
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert server.poll() is None and time.monotonic() < deadline, (tmp_path / "server.log").read_text()[-2000:]
            time.sleep(0.2)
    yield f"http://127.0.0.1:{port}/lab/tree/{NOTEBOOK.name}?token={token}&reset"
    server.terminate()
    server.wait(30)


@pytest.fixture
def browser(tmp_path):
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in (
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1500,1100",
        f"--user-data-dir={tmp_path / 'browser'}",
    ):  # fmt: skip
        options.add_argument(flag)
    service = webdriver.ChromeService(
        executable_path=shutil.which("chromedriver"),
        env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)},
    )
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


def wait(what, condition, patience=PATIENCE):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.3)
    pytest.fail(f"waited {patience} s for {what}")


def choose(browser, menu, entry):
    """Opens a menu of the menu bar and clicks an entry."""

    def labelled(selector, text):
        return next((e for e in browser.find_elements(By.CSS_SELECTOR, selector) if e.text.strip() == text), None)

    wait(menu, lambda: labelled(".lm-MenuBar-itemLabel", menu), 30).click()
    wait(entry, lambda: labelled(".lm-Menu-itemLabel", entry), 30).click()


def prompts(browser) -> list[str]:
    """What stands before each code cell: [ ], [*] or [n]."""
    script = "return [...document.querySelectorAll('.jp-CodeCell .jp-InputArea-prompt')].map(e => e.innerText.trim())"
    return browser.execute_script(script)


def done(browser, count) -> bool:
    now = prompts(browser)
    return len(now) == count and all(re.fullmatch(r"\[\d+\]:?", p) for p in now)


def output(cell) -> str:
    return cell.find_element(By.CSS_SELECTOR, ".jp-OutputArea").get_attribute("innerHTML")


@needs_browser
def test_a_person_runs_all_and_asks_what_if(lab, browser, tmp_path):
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    code = [c for c in cells if c["cell_type"] == "code"]
    marked = next(i for i, c in enumerate(cells) if c["cell_type"] == "markdown" and "# what if" in "".join(c["source"]).lower())
    what_if = sum(c["cell_type"] == "code" for c in cells[:marked])
    source = "".join(code[what_if]["source"])

    browser.get(lab)
    wait("the notebook", lambda: len(prompts(browser)) == len(code), 120)
    status = "return document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset?.status || ''"
    wait("the kernel", lambda: "idle" in browser.execute_script(status), 120)
    choose(browser, "Run", "Run All Cells")
    try:
        wait("all cells", lambda: done(browser, len(code)))
    finally:
        browser.save_screenshot(str(tmp_path / "all.png"))
    page = browser.find_element(By.CSS_SELECTOR, ".jp-Notebook").get_attribute("innerHTML")
    assert "jp-mod-error" not in page and "application/vnd.jupyter.stderr" not in page
    assert browser.find_elements(By.CSS_SELECTOR, ".jp-OutputArea table td"), "no table"
    assert browser.find_elements(By.CSS_SELECTOR, ".jp-OutputArea svg, .jp-OutputArea img[src*='svg']"), "no figure"

    cell = browser.find_elements(By.CSS_SELECTOR, ".jp-CodeCell")[what_if]
    before = output(cell)
    editor = cell.find_element(By.CSS_SELECTOR, ".cm-content")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", cell)
    editor.click()
    number = re.search(r"\d+\.\d+", source)
    changed = source[: number.start()] + "0.05" + source[number.end() :]
    ActionChains(browser).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL).send_keys(Keys.DELETE).perform()
    # As from the clipboard: typed by key, the editor would close each bracket by itself.
    browser.execute_cdp_cmd("Input.insertText", {"text": changed})
    number_before = prompts(browser)[what_if]
    ActionChains(browser).key_down(Keys.SHIFT).send_keys(Keys.ENTER).key_up(Keys.SHIFT).perform()
    wait("the changed cell", lambda: prompts(browser)[what_if] not in (number_before, "[*]:", "[ ]:") and done(browser, len(code)))
    time.sleep(1)
    after = output(browser.find_elements(By.CSS_SELECTOR, ".jp-CodeCell")[what_if])
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", cell)
    time.sleep(0.5)
    browser.save_screenshot(str(tmp_path / "what-if.png"))
    keep = os.environ.get("SCURVE_SCREENSHOTS")
    if keep:
        Path(keep).mkdir(parents=True, exist_ok=True)
        for name in ("all.png", "what-if.png"):
            shutil.copy(tmp_path / name, keep)
    assert "jp-mod-error" not in after
    assert before != after and len(after) > 200
