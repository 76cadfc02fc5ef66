"""What customers see. An API: no forms, so no CSRF token."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from orders.models import Order
from orders.tasks import pack, refund


@csrf_exempt
def orders(request: HttpRequest) -> JsonResponse:
    if request.method != "POST":
        found = list(Order.objects.order_by("pk").values("id", "item", "packed", "returned"))
        return JsonResponse(found, safe=False)
    order = Order.objects.create(item=request.POST["item"])
    pack.delay_on_commit(order.pk)
    return JsonResponse({"id": order.pk}, status=202)


@csrf_exempt
def returned(request: HttpRequest) -> JsonResponse:
    Order.objects.filter(pk=request.POST["id"]).update(returned=True)
    refund.delay(int(request.POST["id"]))
    return JsonResponse({}, status=202)
