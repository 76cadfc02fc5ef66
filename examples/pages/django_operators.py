"""docs/adopting-django.md."""

# region: operators
from dataclasses import replace

from guard.web.django import MaintenanceMiddleware


class ShopMaintenance(MaintenanceMiddleware):
    def user(self, request):
        found = super().user(request)
        if found is not None and request.user.groups.filter(name="operators").exists():
            return replace(found, role="admin")
        return found


# endregion
