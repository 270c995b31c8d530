# SPDX-License-Identifier: GPL-2.0
"""pyxs, of the package python3-pyxs: main.py client|threads|router|monitor

XENFS_FILE is its path, of a file or a socket."""

import copy
import errno
import os
import stat

from pyxs import Client, Monitor, Router
from pyxs.connection import UnixSocketConnection, XenBusConnection

import tap
from tap import fails, is_, ok

PATH = os.environ["XENFS_FILE"]
ROOT = b"/test/pyxs"
THREADS = 16
ROUNDS = 15

IS_SOCKET = stat.S_ISSOCK(os.stat(PATH).st_mode)


def open_client():
    if IS_SOCKET:
        return Client(unix_socket_path=PATH)
    return Client(xen_bus_path=PATH)


def open_monitor(client):
    """client.monitor() refuses one over xenbus, and does nothing else than this."""
    return Monitor(copy.copy(client))


def key(*names):
    return b"/".join([ROOT] + [str(name).encode() for name in names])


def values(c):
    c[key("a")] = b"one"
    is_(c[key("a")], b"one", "[W3, R1] write and read")
    is_(c.read(key("none"), b"default"), b"default", "[W3] a default for nothing there")
    fails(lambda: c.read(key("none")), errno.ENOENT, "[W3] nothing there")
    c.mkdir(key("dir"))
    is_(c.list(key("dir")), [], "[R1] mkdir, and an empty list")
    for name in (b"x", b"y", b"z"):
        c[key("dir") + b"/" + name] = name
    is_(c.list(key("dir")), [b"x", b"y", b"z"], "[R1] list")
    ok(c.exists(key("dir", "x")), "[R1] exists")
    ok(not c.exists(key("dir", "w")), "[R1] does not exist")
    is_([path for path, _, _ in c.walk(key("dir"))],
        [key("dir")] + [key("dir", name) for name in "xyz"], "[R1] walk")
    del c[key("dir")]
    ok(not c.exists(key("dir", "x")), "[W3] delete")
    for size in (1000, 2000):
        c[key("large")] = b"v" * size
        is_(len(c[key("large")]), size, "[W2, R1] %d bytes" % size)


def others(c):
    c.set_perms(key("a"), [b"n0", b"r1", b"b2"])
    is_(c.get_perms(key("a")), [b"n0", b"r1", b"b2"], "[W3] permissions")
    is_(c.get_domain_path(7), b"/local/domain/7", "[W7] get_domain_path")
    is_(c.is_domain_introduced(0), True, "[W7] is_domain_introduced")
    is_(c.is_domain_introduced(4711), False, "[W7] another is not")


def transactions(c, other):
    c.transaction()
    c[key("t")] = b"inside"
    is_(c[key("t")], b"inside", "[W6] within a transaction")
    ok(not other.exists(key("t")), "[T1] not outside")
    ok(c.commit(), "[T1] commit")
    is_(other[key("t")], b"inside", "[T1] outside, then")
    c.transaction()
    c[key("t")] = b"again"
    c.rollback()
    is_(c[key("t")], b"inside", "[T1] rollback")
    c.transaction()
    count = int(c.read(key("count"), b"0"))
    other[key("count")] = b"7"
    c[key("count")] = str(count + 1).encode()
    is_(c.commit(), False, "[T1] a conflict")
    is_(other[key("count")], b"7", "[T1] which changed nothing")


def client():
    with open_client() as c, open_client() as other:
        values(c)
        others(c)
        transactions(c, other)


def reads(c, number):
    def run():
        wrong = 0
        for i in range(ROUNDS):
            wrong += c[key("threads", number, i % 5)] != b"%d of %d" % (i % 5, number)
        return wrong
    return run


def writes(c, number):
    def run():
        wrong = 0
        for i in range(ROUNDS):
            value = b"%d by %d" % (i, number)
            c[key("written", number)] = value
            wrong += c[key("written", number)] != value
        return wrong
    return run


def threads():
    with open_client() as c:
        for number in range(THREADS):
            for i in range(5):
                c[key("threads", number, i)] = b"%d of %d" % (i, number)
        for what, work in (("reads", reads), ("writes and reads back", writes)):
            wrong = tap.at_once([work(c, number) for number in range(THREADS)], what)
            for number in range(THREADS):
                is_(wrong[number], 0, "[W3, I2] %s its own, thread %d" % (what, number))


def router():
    """Clients, and their transactions, that share one connection"""
    connection = UnixSocketConnection(PATH) if IS_SOCKET else XenBusConnection(PATH)
    shared = Router(connection)
    shared.start()
    clients = [Client(router=shared) for _ in range(4)]

    def count(c, number):
        def run():
            done = 0
            for _ in range(10):
                c.transaction()
                c[key("router", number)] = str(done + 1).encode()
                if c.commit():
                    done += 1
                    is_right = c[key("router", number)] == str(done).encode()
                    if not is_right:
                        return "read back: wrong"
            return "tried"
        return run

    results = tap.at_once([count(c, i) for i, c in enumerate(clients)], "router")
    for i, result in enumerate(results):
        is_(result, "tried", "[W6] transactions of client %d of a router" % i)
    ids = tap.at_once([c.transaction for c in clients], "START")
    is_(len(set(ids)), len(clients), "[W6] each has a transaction of its own")
    ended = tap.at_once([c.rollback for c in clients], "END")
    is_(ended, [None] * len(clients), "[W6] and ends it")
    ok(shared.is_connected, "[W3] the router lives")
    shared.terminate()
    ok(not shared.is_connected, "[I4] and ends when it is told to")


def take(events, count):
    """So many events; fewer, if they do not come"""
    taken = []

    def run():
        while len(taken) < count:
            taken.append(next(events))

    tap.at_once([run], "wait for %d events" % count)
    return list(taken)


def monitor():
    with open_client() as c:
        if IS_SOCKET:
            ok(c.monitor(), "[E1] client.monitor()")
        else:
            # As its author has it: nothing that this file could change
            try:
                c.monitor()
                ok(False, "[E1] client.monitor() refuses xenbus")
            except Exception as e:
                ok("not supported" in str(e), "[E1] client.monitor() refuses xenbus")
        m = open_monitor(c)
        m.watch(key("m"), b"token")
        events = m.wait()
        is_(take(events, 1), [(key("m"), b"token")], "[E2] its first event")
        paths = [key("m", i) for i in range(20)]
        for path in paths:
            c[path] = b"x"
        is_([event.path for event in take(events, len(paths))], paths,
            "[E4] changes, by the client that watches")
        with open_client() as other:
            for path in paths:
                other[path] = b"y"
        is_([event.path for event in take(events, len(paths))], paths,
            "[E4] and by another")
        reads_beside_events(c, events, paths)
        m.unwatch(key("m"), b"token")
        is_(m.watched, set(), "[E1] unwatch")
        fails(lambda: m.client.ack(5, key("m") + b"\0", b"token\0"), errno.ENOENT,
              "[E1] of what is not watched")


def reads_beside_events(c, events, paths):
    """Replies and events come mixed, and each goes where it belongs"""
    def writer(number):
        def run():
            for path in paths[number::4]:
                c[path] = path
                if c[path] != path:
                    return "wrong"
            return "right"
        return run

    results = tap.at_once([writer(number) for number in range(4)], "beside events")
    is_(results, ["right"] * 4, "[W3, E5] four threads, beside their events")
    is_(sorted(event.path for event in take(events, len(paths))), sorted(paths),
        "[E4] which all come")


with open_client() as first:
    first.mkdir(ROOT)
    first.delete(ROOT)
tap.main({"client": client, "threads": threads, "router": router, "monitor": monitor})
