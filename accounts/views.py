"""Sign-in and out, one's own password, and the way from "/" to where one works."""

from typing import Any
from uuid import UUID

from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.tokens import default_token_generator
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts import actions
from accounts.forms import LanguageForm, SignInForm
from accounts.http import SignedInRequest, remember_language
from accounts.models import User
from accounts.queries import managed_companies
from core import tx


class SignIn(LoginView):
    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("accounts:sign_in")


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Kept for the person; and by this browser, which shows the sign-in page in it."""
    form = LanguageForm(request.POST)
    if not form.is_valid():
        return redirect("accounts:home")
    language, there = form.cleaned_data["language"], form.cleaned_data["next"]
    if request.user.is_authenticated:
        tx.run(actions.choose_language, user=request.user, language=language)
    is_ours = url_has_allowed_host_and_scheme(there, {request.get_host()}, request.is_secure())
    answer = redirect(there if is_ours else "accounts:home")
    remember_language(answer, language)
    return answer


@login_required
def home(request: SignedInRequest) -> HttpResponse:
    """Managers to the console, platform staff to the admin, everybody else to the agents' page."""
    if managed_companies(request.user):
        return redirect("console:home")
    return redirect("admin:index" if request.user.is_superuser else "sessions:page")


@sensitive_post_parameters()
@never_cache
@login_required
def change_password(request: SignedInRequest) -> HttpResponse:
    form = PasswordChangeForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        password = form.cleaned_data["new_password1"]
        tx.run(actions.change_password, user=request.user, password=password)
        update_session_auth_hash(request, request.user)
        return redirect("accounts:password_changed")
    return render(request, "accounts/change_password.html", {"form": form})


@login_required
def password_changed(request: SignedInRequest) -> HttpResponse:
    return render(request, "accounts/password_changed.html")


@sensitive_post_parameters()
@never_cache
def set_password(request: HttpRequest, user_id: UUID, token: str) -> HttpResponse:
    """Where the link for a new person leads. It works once, and only for some days."""
    user = User.objects.filter(public_id=user_id, is_active=True).first()
    if user is None or not default_token_generator.check_token(user, token):
        return render(request, "accounts/link_used.html", status=404)
    form: Any = SetPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        password = form.cleaned_data["new_password1"]
        tx.run(actions.change_password, user=user, password=password)
        return redirect("accounts:sign_in")
    context = {"form": form, "title": _("Welcome, %s") % user.name}
    return render(request, "accounts/set_password.html", context)
