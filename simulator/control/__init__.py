"""The control side, `/control/…`: everything a test or the phone page can make happen or ask."""

from __future__ import annotations

from aiohttp import web

from simulator.control import bots, faults, files, general, journal, people, updates, webhooks

PERSON = "/control/people/{person}"

ROUTES = [
    web.get("/control/health", general.health),
    web.get("/control/events", general.events),
    web.get("/control/settings", general.show_settings),
    web.post("/control/settings", general.change_settings),
    web.post("/control/reset", general.reset),
    web.get("/control/bots", bots.list_bots),
    web.post("/control/bots", bots.add_bot),
    web.post("/control/bots/{bot}/revoke", bots.revoke_bot),
    web.get("/control/people", people.list_people),
    web.post("/control/people", people.add_person),
    web.post(PERSON + "/start", people.start),
    web.post(PERSON + "/send", people.send),
    web.post(PERSON + "/edit", people.edit),
    web.post(PERSON + "/press", people.press),
    web.post(PERSON + "/block", people.block),
    web.post(PERSON + "/unblock", people.unblock),
    web.post(PERSON + "/deactivate", people.deactivate),
    web.get(PERSON + "/transcript", people.transcript),
    web.get("/control/files/{file}", files.download),
    web.get("/control/journal", journal.journal),
    web.get("/control/unknown-methods", journal.unknown_methods),
    web.get("/control/wait-for", journal.wait_for),
    web.get("/control/updates", updates.list_updates),
    web.post("/control/updates/raw", updates.add_raw),
    web.post("/control/updates/burst", updates.add_burst),
    web.post("/control/updates/redeliver", updates.redeliver),
    web.post("/control/updates/restart-ids", updates.restart_ids),
    web.post("/control/webhooks/forge", webhooks.forge_update),
    web.get("/control/faults", faults.list_faults),
    web.post("/control/faults", faults.add_fault),
    web.delete("/control/faults", faults.remove_faults),
    web.delete("/control/faults/{fault}", faults.remove_fault),
]
