"""Nobody restarts anything by hand: how soon all is normal again, and that nothing was lost.

Normal: a new message of a customer comes in and an answer to it goes out. Counted from when the
server is back, or the process has died.
"""

import pytest

from tests.campaign.run import Size, run
from tests.campaign.stage import PRODUCTION

pytestmark = [pytest.mark.postgres, pytest.mark.long, pytest.mark.timeout(1800)]

PROCESSES = ("web", "worker", "beat", "gateway", "gateway_2")


@pytest.mark.parametrize(
    ("faults", "seconds"),
    [
        (["restart: valkey", "power cut: valkey", "flush: valkey"], 5),
        (["restart: postgres", "power cut: postgres"], 10),
        ([f"kill: {name}" for name in PROCESSES], 15),
        (["kill: both gateways"], 60),
    ],
)
def test_all_is_normal_again_in_time(faults, seconds, tmp_path, record_property):
    size = Size(faults=len(faults), messages=40 * len(faults), only=faults)
    report = run(tmp_path, PRODUCTION, size)
    record_property("kept", report.in_brief())
    assert report.broken == {}, report.as_json()
    record_property("normal again", f"{report.recoveries} s of at most {seconds}")
    late = {name: taken for name, taken in report.recoveries.items() if max(taken) > seconds}
    assert late == {}
