"""The order in which a house comes up: servers, tables, simulator, demo company, the product."""

from tgstaff.launch import demo
from tgstaff.launch.installation import Installation
from tgstaff.launch.processes import Supervisor


def start(place: Installation, supervisor: Supervisor) -> list[demo.Person]:
    """Everything, until the first page is answered; who may sign in (nobody without simulator)."""
    for server in place.servers:
        server.wait(supervisor.run(server.program).is_alive)
    place.migrate()
    people = []
    if place.simulated:
        supervisor.start("simulator", place.simulator_command)
        people = demo.prepare(place)
    supervisor.start_together(place.commands)
    place.wait_until_ready(supervisor)
    return people
