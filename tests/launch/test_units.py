"""The systemd units run what the Procfile runs."""

import re
from pathlib import Path

from tgstaff.launch import procfile
from tgstaff.launch.installation import BASE_DIR

UNITS = BASE_DIR / "deploy" / "systemd"
PROGRAMS = "/opt/tgstaff/.venv/bin/"


def setting(unit: Path, name: str) -> str:
    found = re.findall(rf"^{name}=(.*)$", unit.read_text(), re.MULTILINE)
    assert len(found) == 1, f"{name} in {unit.name}"
    return str(found[0])


def test_each_process_of_the_procfile_has_a_unit_with_its_command() -> None:
    for name, (*_, line) in procfile.commands().items():
        # systemd knows no defaults: they stand in Environment
        expected = re.sub(r"\$\{(\w+):-[^}]*\}", r"${\1}", line.removeprefix("exec "))
        unit = UNITS / f"tgstaff-{name}.service"
        assert setting(unit, "ExecStart") == PROGRAMS + expected
        assert unit.name in setting(UNITS / "tgstaff.target", "Wants").split()


def test_the_defaults_of_the_procfile_stand_in_the_units() -> None:
    for name, (*_, line) in procfile.commands().items():
        defaults = {f"{word}={value}" for word, value in re.findall(r"\$\{(\w+):-([^}]*)\}", line)}
        if defaults:
            unit = UNITS / f"tgstaff-{name}.service"
            assert set(setting(unit, "Environment").split()) == defaults


def test_there_is_no_unit_of_another_process() -> None:
    named = {file.stem.removeprefix("tgstaff-") for file in UNITS.glob("*.service")}
    assert named == procfile.commands().keys()
