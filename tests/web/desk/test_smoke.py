import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from tests.support import factories as make

pytestmark = pytest.mark.django_db

def test_all(client: Client):
    boss = make.staff("owner")
    client.force_login(boss)
    s = make.shop(); v = make.variant(s)
    co = make.pay(make.place((v,1)))
    assert client.get("/desk/").status_code == 200
    for model in admin.site._registry:
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        r = client.get(url); assert r.status_code == 200, url
        row = model._default_manager.first()
        if row:
            url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])
            r = client.get(url); assert r.status_code == 200, url
            print(url)
    o = co.orders.get()
    r = client.get(f"/desk/orders/?q={o.number}"); assert r.status_code == 302, r.content
    r = client.get(r["Location"]); assert r.status_code == 200
    print(r["Content-Security-Policy"])
    for k in ("keys/",): assert client.get("/desk/"+k).status_code == 200
