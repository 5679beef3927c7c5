"""What is wired by name resolves: kicks to tasks, ports to functions."""

import ast
import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from core import ticks
from tests.support.source import calls_of, name_of, product_files
from tgstaff.beat import TickScheduler
from tgstaff.celery import app as celery
from tgstaff.launch import procfile


def kicked() -> Iterator[tuple[str, ast.Call]]:
    for path in product_files():
        for call in (*calls_of(path, "kick.task"), *calls_of(path, "core.kick.task")):
            yield f"{name_of(path)}:{call.lineno}", call


def registered() -> dict[str, Any]:
    celery.loader.import_default_modules()
    tasks: dict[str, Any] = celery.tasks
    return tasks


def test_every_kick_names_a_task_that_exists_and_takes_what_it_is_given():
    celery.finalize()
    celery.loader.import_default_modules()
    tasks, wrong = registered(), []
    for place, call in kicked():
        name = ast.literal_eval(call.args[0])
        keywords = {keyword.arg: None for keyword in call.keywords if keyword.arg}
        if name not in tasks or not takes(tasks[name].run, **keywords):
            wrong.append(f"{place}: {name}({', '.join(keywords)})")
    assert wrong == []


def test_there_are_kicks_to_look_at():
    """Guards the test above against passing because it finds nothing."""
    assert len(list(kicked())) > 0


def test_nobody_kicks_around_the_door():
    wrong = [
        f"{name_of(path)}: {ast.unparse(node.func)}"
        for path in product_files()
        if not name_of(path).startswith("core/")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"delay", "apply_async", "send_task"}
    ]
    assert wrong == []


def test_every_port_is_called_by_its_apps_ports_and_takes_what_it_is_given():
    for name, path in settings.PORTS.items():
        app, verb = name.split(".")
        caller = getattr(import_module(f"{app}.ports"), verb)
        given = [None] * len(inspect.signature(caller).parameters)
        assert takes(import_string(path), *given), f"{name}: {path} does not take {given}"


def test_every_call_of_a_port_is_wired():
    asked = {
        ast.literal_eval(call.args[0])
        for path in product_files()
        for call in calls_of(path, "port")
    }
    assert asked == set(settings.PORTS)


def takes(function: Callable[..., Any], *values: Any, **keywords: Any) -> bool:
    try:
        inspect.signature(function).bind(*values, **keywords)
    except TypeError:
        return False
    return True


def test_every_periodic_job_is_named_after_its_app():
    assert ticks.jobs
    for name, job in ticks.jobs.items():
        assert name.split(".")[0] == job.function.__module__.split(".")[0]


def test_celery_beat_has_an_entry_for_every_periodic_job():
    schedule = TickScheduler(celery).schedule
    assert set(schedule) == set(ticks.jobs)
    for name, entry in schedule.items():
        assert entry.options["expires"] == ticks.jobs[name].seconds


def test_the_procfiles_beat_uses_that_schedule():
    assert "--scheduler tgstaff.beat.TickScheduler" in procfile.commands()["beat"][-1]
