"""The shape of what people submit about themselves."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

EMAIL_LENGTH = 254


class LanguageForm(forms.Form):
    """None: as the browser says. `next`: where one was."""

    language = forms.ChoiceField(choices=settings.LANGUAGES, required=False)
    next = forms.CharField(required=False)


class SignInForm(AuthenticationForm):
    """E-mail and password. The field is called `username` for Django and axes."""

    error_messages = {
        "invalid_login": _("This e-mail address and password do not fit together."),
        "inactive": _("This account is disabled. Ask a manager of your company."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Django's form only tells browsers; axes stores what was tried
        self.fields["username"].validators.append(MaxLengthValidator(EMAIL_LENGTH))
        self.fields["username"].label = _("E-mail")
        self.fields["username"].widget = forms.EmailInput(
            attrs={"autocomplete": "username", "autofocus": True, "maxlength": EMAIL_LENGTH}
        )

    def clean_username(self) -> str:
        """As it is stored; else every way to write an address had failures of its own to spend."""
        return str(self.cleaned_data["username"]).strip().lower()
