"""Alipay's gateway as its documents describe it: signed requests, sealed answers, notifications.

Standard library and ``cryptography`` only. Where each part is described:

- requests, answers, signatures: https://opendocs.alipay.com/common/02kf5q and
  https://opendocs.alipay.com/common/02mse7
- pages: https://docs.open.alipay.com/api_1/alipay.trade.page.pay and
  https://docs.open.alipay.com/api_1/alipay.trade.wap.pay
- methods: ``methods`` names the page of each
- notifications: https://docs.open.alipay.com/270/105902/
"""
