"""The brokers' official Python clients against a started simulator. Takes its addresses as JSON, prints what they saw as JSON."""

import datetime
import importlib.util
import json
import os
import sys
import tempfile
import threading
import time
import urllib.parse

import requests
from kiteconnect import KiteConnect, KiteTicker
from kiteconnect import exceptions as kite_exceptions

addresses = json.loads(sys.argv[1])
symbol = sys.argv[2]
seen = {}


def within_ten_requests_a_second(request):
    def paced(*args, **kwargs):
        time.sleep(0.12)
        return request(*args, **kwargs)

    return paced


KiteConnect._request = within_ten_requests_a_second(KiteConnect._request)

def eventually(look, seconds=250):
    until = time.time() + seconds
    while time.time() < until:
        answer = look()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError("waited %s s in vain for %s" % (seconds, look.__name__))


def log_in():
    kite = KiteConnect(api_key=addresses["api_key"], root=addresses["kite_root"])
    link = kite.login_url().replace(kite._default_login_uri, addresses["login_url"])
    page = requests.get(link + "&redirect_params=" + urllib.parse.quote("state=abc&x=1"))
    assert page.status_code == 200 and "<form" in page.text, page.text
    answer = requests.post(
        addresses["login_url"],
        data={"api_key": addresses["api_key"], "redirect_params": "state=abc&x=1"},
        allow_redirects=False,
    )
    assert answer.status_code == 302, answer.status_code
    query = urllib.parse.parse_qs(urllib.parse.urlparse(answer.headers["Location"]).query)
    seen["redirect"] = {name: values[0] for name, values in query.items() if name != "request_token"}
    session = kite.generate_session(query["request_token"][0], addresses["api_secret"])
    assert isinstance(session["login_time"], datetime.datetime)
    seen["session_user"] = session["user_id"]
    try:
        kite.generate_session(query["request_token"][0], addresses["api_secret"])
    except kite_exceptions.TokenException as error:
        seen["second_use_of_request_token"] = error.code
        kite.set_access_token(session["access_token"])
    return kite


def stream(kite, token):
    """Connects the ticker in full mode and returns the updates it collects."""
    ticker = KiteTicker(addresses["api_key"], kite.access_token, root=addresses["ticker_root"], reconnect=False)
    ticks, updates, connected = [], [], threading.Event()

    def on_connect(ws, _response):
        ws.subscribe([token, 256265])
        ws.set_mode(ws.MODE_FULL, [token, 256265])
        connected.set()

    ticker.on_connect = on_connect
    ticker.on_ticks = lambda _ws, batch: ticks.extend(batch)
    ticker.on_order_update = lambda _ws, order: updates.append(order)
    ticker.connect(threaded=True)
    assert connected.wait(10), "the ticker did not connect"
    return ticker, ticks, updates


def trade(kite, updates):
    quote = kite.quote("NFO:" + symbol)["NFO:" + symbol]
    seen["quote_has_depth"] = len(quote["depth"]["buy"]) == 5 and quote["depth"]["sell"][0]["price"] > 0
    assert isinstance(quote["timestamp"], datetime.datetime)
    last, ask = quote["last_price"], quote["depth"]["sell"][0]["price"]
    common = dict(
        variety=kite.VARIETY_REGULAR,
        exchange=kite.EXCHANGE_NFO,
        tradingsymbol=symbol,
        transaction_type=kite.TRANSACTION_TYPE_BUY,
        quantity=75,
        product=kite.PRODUCT_MIS,
        order_type=kite.ORDER_TYPE_LIMIT,
    )

    def book(order_id):
        return next(order for order in kite.orders() if order["order_id"] == order_id)

    resting = kite.place_order(price=round(last * 0.8 * 20) / 20, tag="RESTING", **common)
    eventually(lambda: book(resting)["status"] == "OPEN")
    kite.modify_order(kite.VARIETY_REGULAR, resting, price=round(last * 0.81 * 20) / 20)
    eventually(lambda: book(resting)["price"] == round(last * 0.81 * 20) / 20)
    kite.cancel_order(kite.VARIETY_REGULAR, resting)
    eventually(lambda: book(resting)["status"] == "CANCELLED")

    filled = kite.place_order(price=round((ask + 2) * 20) / 20, tag="FILLED", **common)
    eventually(lambda: book(filled)["status"] == "COMPLETE")
    order = book(filled)
    assert isinstance(order["order_timestamp"], datetime.datetime)
    seen["order"] = {name: order[name] for name in ("tag", "filled_quantity", "pending_quantity", "variety", "product")}
    seen["history"] = [row["status"] for row in kite.order_history(filled)]
    seen["trades"] = sum(fill["quantity"] for fill in kite.order_trades(filled))
    seen["all_trades"] = {fill["order_id"] for fill in kite.trades()} == {filled}
    positions = kite.positions()
    seen["positions"] = [(row["tradingsymbol"], row["quantity"]) for row in positions["net"]]
    seen["day_positions"] = [(row["tradingsymbol"], row["day_buy_quantity"]) for row in positions["day"]]
    eventually(lambda: any(u["order_id"] == filled and u["status"] == "COMPLETE" for u in updates))
    seen["updates"] = sorted({u["status"] for u in updates if u["order_id"] == filled})
    try:
        kite.place_order(price=last, tag="A" * 21, **common)
    except kite_exceptions.KiteException as error:
        seen["long_tag"] = type(error).__name__
    legs = [
        dict(
            exchange="NFO",
            tradingsymbol=symbol,
            transaction_type=side,
            variety="regular",
            product="MIS",
            order_type="LIMIT",
            quantity=75,
            price=last,
            trigger_price=0,
        )
        for side in ("BUY", "SELL")
    ]
    seen["order_margin"] = kite.order_margins(legs[:1])[0]["total"]
    seen["basket_margin"] = kite.basket_order_margins(legs)["final"]["total"]
    seen["contract_note_charges"] = kite.get_virtual_contract_note(
        [dict(leg, order_id=filled, average_price=last) for leg in legs]
    )[1]["charges"]["total"]
    return filled


def read(kite, token):
    seen["profile"] = kite.profile()["user_id"]
    seen["cash"] = kite.margins()["equity"]["available"]["cash"]
    seen["equity_net"] = kite.margins("equity")["net"]
    seen["ltp"] = kite.ltp("NSE:NIFTY 50", "NSE:UNKNOWN").keys() == {"NSE:NIFTY 50"}
    seen["ohlc"] = sorted(kite.ohlc(["NSE:NIFTY 50"])["NSE:NIFTY 50"]["ohlc"])
    bars = kite.historical_data(token, "2025-07-11 09:15:00", "2025-07-11 15:30:00", "60minute")
    seen["bars"] = [bar["date"].isoformat() for bar in bars]
    seen["all_exchanges"] = sorted({row["exchange"] for row in kite.instruments()})


def candles():
    """breeze-connect reads its addresses from a top-level module `config`, and the security master as soon as it is imported."""
    os.chdir(tempfile.mkdtemp())
    package = os.path.dirname(importlib.util.find_spec("breeze_connect").origin)
    spec = importlib.util.spec_from_file_location("config", os.path.join(package, "config.py"))
    config = sys.modules["config"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(config)
    config.API_URL = addresses["breeze_root"] + "/breezeapi/api/v1/"
    config.BREEZE_NEW_URL = addresses["breeze_root"] + "/api/v2/"
    config.SECURITY_MASTER_URL = addresses["security_master_url"]
    from breeze_connect.breeze_connect import BreezeConnect

    breeze = BreezeConnect(api_key=addresses["breeze_api_key"])
    try:
        breeze.generate_session(api_secret=addresses["breeze_api_secret"], session_token="wrong")
    except Exception as error:
        seen["breeze_wrong_session"] = str(error)
    breeze.generate_session(api_secret=addresses["breeze_api_secret"], session_token=addresses["breeze_session"])
    seen["breeze_user"] = breeze.user_id
    seen["breeze_customer"] = breeze.get_customer_details(addresses["breeze_session"])["Success"]["idirect_userid"]
    seen["breeze_contract"] = breeze.stock_script_dict_list[4].get("OPT-NIFTY-17-Jul-2025-25000-PE") is not None
    day = dict(from_date="2025-07-11T09:15:00.000Z", to_date="2025-07-11T15:30:00.000Z")
    cash = breeze.get_historical_data_v2(
        interval="30minute", stock_code="NIFTY", exchange_code="NSE", product_type="cash", **day
    )
    seen["breeze_cash"] = [cash["Status"], len(cash["Success"]), cash["Success"][0]["datetime"], sorted(cash["Success"][0])]
    contract = dict(
        stock_code="NIFTY",
        exchange_code="NFO",
        product_type="options",
        expiry_date="2025-07-17T07:00:00.000Z",
        right="put",
        strike_price="25000",
    )
    option = breeze.get_historical_data_v2(interval="30minute", **contract, **day)["Success"][0]
    seen["breeze_option"] = [option["expiry_date"], option["right"], option["strike_price"], option["product_type"]]
    older = breeze.get_historical_data(interval="30minute", **contract, **day)["Success"][0]
    seen["breeze_v1"] = [older["expiry_date"], type(older["close"]).__name__]


kite = log_in()
contracts = kite.instruments("NFO")
contract = next(row for row in contracts if row["tradingsymbol"] == symbol)
seen["contract"] = {name: str(contract[name]) for name in ("name", "expiry", "strike", "lot_size", "instrument_type", "segment")}
ticker, ticks, updates = stream(kite, contract["instrument_token"])
eventually(lambda: {t["instrument_token"] for t in ticks if t["mode"] == "full"} >= {contract["instrument_token"], 256265})
trade(kite, updates)
read(kite, 256265)
option_tick = next(t for t in ticks if t["instrument_token"] == contract["instrument_token"] and t["mode"] == "full")
seen["tick_depth"] = [len(option_tick["depth"]["buy"]), len(option_tick["depth"]["sell"])]
seen["tick_tradable"] = [option_tick["tradable"], next(t for t in ticks if t["instrument_token"] == 256265)["tradable"]]
kite.invalidate_access_token()
try:
    kite.profile()
except kite_exceptions.TokenException as error:
    seen["after_logout"] = error.code
ticker.close()
candles()
print("SEEN " + json.dumps(seen))
sys.stdout.flush()
os._exit(0)
