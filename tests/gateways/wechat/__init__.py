"""A stand-in for WeChat Pay's API v3, built from its published pages; knows nothing of Banyan.

    python -m tests.gateways.wechat --keys FILE [--port 0]

listens on 127.0.0.1 and prints one line that ends with the port. FILE is JSON: ``mchid``,
``appid``, ``app_secret``, ``api_v3_key``, ``merchant_serial``, ``merchant_public_key`` (PEM) and
``platform_keys``: a list of ``id`` and ``private_key`` (PEM), the first of which signs by default.

The API below ``/v3`` behaves as published (each module links its pages); what payers, banks and
time do is asked for below ``/control`` (``control.py``). Standard library and ``cryptography``.
"""
