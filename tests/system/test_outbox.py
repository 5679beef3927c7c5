"""300 replies through every trouble that sending can have: none lost, doubled, early or overtaken."""

import pytest

from tests.campaign.faults import ON_SENDS
from tests.campaign.run import Size, run
from tests.campaign.stage import ONE_PROCESS, PRODUCTION

KILLED = {ONE_PROCESS: "kill: serve", PRODUCTION: "kill: both gateways"}


@pytest.mark.long(seconds=90)
@pytest.mark.timeout(1500)
@pytest.mark.parametrize(
    "shape", [ONE_PROCESS, pytest.param(PRODUCTION, marks=pytest.mark.postgres)]
)
def test_300_replies_leave_once_in_order_and_never_within_a_pause(shape, tmp_path, record_property):
    faults = [f"telegram: send {kind}" for kind in ON_SENDS]
    faults += ["kill: paused by a 429", KILLED[shape]]
    report = run(tmp_path, shape, Size(faults=len(faults), messages=610, seed=4, only=faults))
    record_property(shape, report.in_brief())
    assert report.broken == {}, report.as_json()
    assert report.verdict["given_out"] >= 300
