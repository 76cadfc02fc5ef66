"""The shop's own tables."""

from django.db import models


class Order(models.Model):
    item = models.CharField(max_length=100)
    packed = models.IntegerField(default=0)
    returned = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.item
