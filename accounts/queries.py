"""Reads worth a name. Companies are reached through `access_company` only."""

from uuid import UUID

from accounts.errors import no_such_company
from accounts.models import Company, Membership, User


def access_company(user: User, public_id: UUID) -> Company:
    """A company that the user manages. Raises Refusal `not_found`, missing and forbidden alike."""
    company = managed_companies(user).get(public_id)
    if company is None:
        raise no_such_company()
    return company


def managed_companies(user: User) -> dict[UUID, Company]:
    """The companies a person manages as owner or manager, by public id, in the order of names."""
    memberships = Membership.objects.managing().filter(user=user).select_related("company")
    return {
        membership.company.public_id: membership.company
        for membership in memberships.order_by("company__name", "company_id")
    }


def membership_of(user: User, company: Company) -> Membership | None:
    """The person's enabled membership in the company."""
    return Membership.objects.enabled().filter(user=user, company=company).first()
