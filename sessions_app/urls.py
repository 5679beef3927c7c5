from django.urls import path

from sessions_app import views

app_name = "sessions"

urlpatterns = [
    path("help/", views.guide, {"name": "README"}, name="guide_readme"),
    path(
        "help/troubleshooting/",
        views.guide,
        {"name": "troubleshooting"},
        name="guide_troubleshooting",
    ),
    path("help/checks/", views.guide, {"name": "checks"}, name="guide_checks"),
    path("help/rules/", views.guide, {"name": "rules"}, name="guide_rules"),
    path("help/questions/", views.guide, {"name": "questions"}, name="guide_questions"),
    path("app/", views.page, name="page"),
    path("app/notices.js", views.notices, name="notices"),
    path("app/api/boot", views.boot, name="boot"),
    path("app/api/presence", views.presence, name="presence"),
    path("app/api/pings", views.ping, name="ping"),
    path("app/api/pings/<uuid:ping_id>/receipt", views.receipt, name="receipt"),
    path("app/api/projects/<uuid:project_id>/snapshot", views.snapshot, name="snapshot"),
    path("app/api/projects/<uuid:project_id>/sessions", views.sessions, name="sessions"),
    path("app/api/sessions/<uuid:session_id>", views.session, name="session"),
    path("app/api/sessions/<uuid:session_id>/reply", views.reply, name="reply"),
    path("app/api/sessions/<uuid:session_id>/claim", views.claim, name="claim"),
    path("app/api/sessions/<uuid:session_id>/transfer", views.transfer, name="transfer"),
    path("app/api/sessions/<uuid:session_id>/complete", views.complete, name="complete"),
    path("app/api/sessions/<uuid:session_id>/reopen", views.reopen, name="reopen"),
    path("app/api/sessions/<uuid:session_id>/erase", views.erase, name="erase"),
    path("app/api/sessions/<uuid:session_id>/read", views.read, name="read"),
    path("app/api/sessions/<uuid:session_id>/resend", views.resend, name="resend"),
    path("app/api/sessions/<uuid:session_id>/confirm", views.confirm, name="confirm"),
    path("app/api/sessions/<uuid:session_id>/edit", views.edit, name="edit"),
    path("app/api/sessions/<uuid:session_id>/recall", views.recall, name="recall"),
]
