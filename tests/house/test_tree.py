"""The tree speaks of the project alone, and its locks hold."""

import json
import re

import pytest

from tests.support.source import ROOT, name_of, our_files

TEXT = {".py", ".md", ".sh", ".toml", ".txt", ".json", ".html", ".js", ".css", ".yml", ".po", ""}
# A folder of the machine somebody happened to build on.
SOMEBODYS_FOLDER = re.compile(r"(?<![\w.:/-])/(?:home|root|Users|work|farm|mnt)/[\w.]")
LINK_TO_A_REGISTRY = re.compile(r'"resolved"\s*:')
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*(?:\[[^]]*\])?)==(\S+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / name).read_text()))


def test_no_file_names_a_folder_of_somebodys_machine():
    wrong = []
    for path in our_files():
        if path.suffix in TEXT and path.name != "test_tree.py":
            for found in SOMEBODYS_FOLDER.finditer(path.read_text()):
                wrong.append(f"{name_of(path)}: {found[0]}")
    assert wrong == []


@pytest.mark.parametrize("command", ["run", "test", "manage.py", ".ci/run"])
def test_the_commands_can_be_run(command):
    assert (ROOT / command).stat().st_mode & 0o111


def test_the_locks_agree_with_each_other_and_carry_hashes():
    product, tools = pins("requirements.txt"), pins("requirements-dev.txt")
    assert len(product) > 30
    assert {name: tools.get(name) for name in product} == product
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        assert text.count("==") <= text.count("--hash=sha256:")


def test_the_locks_hold_what_pyproject_asks_for():
    wanted = re.findall(r'^    "([a-z0-9A-Z._-]+)(?:\[[^]]*\])?==([^"]+)",$', project(), re.M)
    locked = pins("requirements-dev.txt")
    assert len(wanted) > 25
    for name, version in wanted:
        found = {n.split("[")[0].replace("_", "-"): v for n, v in locked.items()}
        assert found[name.lower().replace("_", "-")] == version


def project() -> str:
    return (ROOT / "pyproject.toml").read_text()


def test_the_npm_lock_carries_hashes_and_no_addresses():
    text = (ROOT / "package-lock.json").read_text()
    assert not LINK_TO_A_REGISTRY.search(text)
    packages = json.loads(text)["packages"]
    assert all("integrity" in entry for name, entry in packages.items() if name)
