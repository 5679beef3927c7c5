"""The pool's lock gives the pool as it is when the lock is held."""

import threading

import pytest

from core import tx
from routing.actions import lock_pool
from routing.models import Pool
from tests.factories import make_agent, make_project
from tests.support.threads import somebody_waits_for_a_lock, together
from tests.support.waiting import until

pytestmark = pytest.mark.postgres


@pytest.mark.django_db(transaction=True)
def test_it_sees_the_cursor_that_moved_while_it_waited():
    project = make_project()
    alice, bob = make_agent(project, "Alice"), make_agent(project, "Bob")
    Pool.objects.filter(project=project).update(cursor_agent=alice)
    locked = threading.Event()

    def move():
        with tx.change():
            pool = lock_pool(project.pk)
            locked.set()
            until(somebody_waits_for_a_lock)
            pool.cursor_agent = bob
            pool.save(update_fields=["cursor_agent"])

    def look():
        locked.wait(10)
        with tx.change():
            return lock_pool(project.pk).cursor_agent

    assert together(move, look) == [None, bob]
