from django.urls import path

from sessions_app.console.views import batches, bots, ledger, links, projects, rules, team, today

app_name = "console"

urlpatterns = [
    path("", projects.home, name="home"),
    path("companies/<uuid:company_id>/", projects.company, name="company"),
    path("companies/<uuid:company_id>/new/", projects.new_project, name="new_project"),
    path("projects/<uuid:project_id>/", today.today, name="today"),
    path("projects/<uuid:project_id>/now/", today.now, name="now"),
    path("projects/<uuid:project_id>/rules/", rules.rules, name="rules"),
    path("projects/<uuid:project_id>/rules/now/", rules.now, name="rules_now"),
    path("projects/<uuid:project_id>/team/", team.team, name="team"),
    path("projects/<uuid:project_id>/team/order/", team.order, name="order"),
    path("agents/<uuid:agent_id>/", team.agent, name="agent"),
    path("agents/<uuid:agent_id>/hours/", team.hours, name="hours"),
    path("agents/<uuid:agent_id>/link/", team.link, name="link"),
    path("agents/<uuid:agent_id>/remove/", team.remove, name="remove"),
    path("projects/<uuid:project_id>/bot/", bots.bot, name="bot"),
    path("projects/<uuid:project_id>/bot/now/", bots.now, name="bot_now"),
    path("projects/<uuid:project_id>/bot/mode/", bots.mode, name="bot_mode"),
    path("projects/<uuid:project_id>/bot/check/", bots.check, name="bot_check"),
    path("projects/<uuid:project_id>/links/", links.links, name="links"),
    path("projects/<uuid:project_id>/links/new/", links.new_link, name="new_link"),
    path("projects/<uuid:project_id>/links.csv", batches.file, name="links_file"),
    path("projects/<uuid:project_id>/links/many/", batches.new_batch, name="new_batch"),
    path("projects/<uuid:project_id>/links/many/<uuid:batch_id>/", batches.batch, name="batch"),
    path("projects/<uuid:project_id>/links/ledger/", ledger.shown, name="ledger"),
    path("projects/<uuid:project_id>/links/ledger.csv", ledger.file, name="ledger_file"),
    path("links/<uuid:link_id>/", links.link, name="link_editor"),
    path("projects/<uuid:project_id>/links/check/", links.check_all, name="check_links"),
    path("links/<uuid:link_id>/check/", links.check_one, name="check_link"),
    path("links/<uuid:link_id>/archive/", links.archive, name="archive_link"),
    path("links/<uuid:link_id>/qr.<str:kind>", links.qr, name="qr"),
    path("projects/<uuid:project_id>/settings/", projects.settings, name="settings"),
    path("projects/<uuid:project_id>/pause/", projects.pause, name="pause"),
    path("projects/<uuid:project_id>/resume/", projects.resume, name="resume"),
]
