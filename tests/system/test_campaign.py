"""Nothing is lost, doubled or out of order, whatever is done to the product meanwhile."""

import pytest

from tests.campaign.run import Size, run
from tests.campaign.stage import ONE_PROCESS, PRODUCTION

SHAPES = [ONE_PROCESS, pytest.param(PRODUCTION, marks=pytest.mark.postgres)]
STRUCK = {
    ONE_PROCESS: ("telegram: send cut_after", "kill: serve", "telegram: read duplicate_updates"),
    PRODUCTION: ("kill: gateway", "power cut: postgres", "restart: valkey"),
}


@pytest.mark.slow(seconds=35)
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("shape", SHAPES)
def test_it_keeps_every_promise_over_3_faults_and_300_messages(shape, tmp_path, record_property):
    report = run(tmp_path, shape, Size(faults=3, messages=300, only=STRUCK[shape]))
    record_property(shape, report.in_brief())
    assert report.broken == {}, report.as_json()
    assert (report.verdict["given_in"], report.verdict["given_out"]) >= (150, 150)


@pytest.mark.long(seconds=200)
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("shape", SHAPES)
def test_it_keeps_every_promise_over_12_faults_and_2000_messages(shape, tmp_path, record_property):
    report = run(tmp_path, shape, Size(faults=12, messages=2000, seed=7, customers=20))
    record_property(shape, report.in_brief())
    assert report.broken == {}, report.as_json()
