# SPDX-License-Identifier: GPL-2.0
"""Results in the Test Anything Protocol, and what ends what hangs"""

import os
import sys
import threading
import time
import traceback

SLOW = max(1, int(os.environ.get("XENFS_SLOW", "1")))
# How long anything may take: far more than it does, even on a busy machine
PATIENCE = 30 * SLOW

_count = 0
_failures = 0


def ok(good, text):
    """A result, that names a clause: "[W3] ..." """
    global _count, _failures
    _count += 1
    if not good:
        _failures += 1
    print("%sok %d - %s" % ("" if good else "not ", _count, text), flush=True)
    return good


def is_(have, want, text):
    """As ok(), and a failure says what was wanted and what came"""
    if not ok(have == want, text):
        diag("expected %r, got %r" % (want, have))


def diag(text):
    print("# %s" % str(text).replace("\n", "\n# "), flush=True)


def fails(fn, code, text):
    """It fails, with this errno"""
    try:
        is_(fn(), "an error", text)
    except Exception as e:
        is_(e.args[0] if e.args else repr(e), code, text)


def bail(text):
    print("Bail out! %s" % text, flush=True)
    # Threads of the library's may wait for ever.
    os._exit(1)


def end():
    print("1..%d" % _count, flush=True)
    os._exit(1 if _failures else 0)


def at_once(workers, what):
    """Run these functions in threads, wait for them; what each one returned"""
    results = [None] * len(workers)

    def run(i):
        try:
            results[i] = workers[i]()
        except Exception as e:
            results[i] = repr(e)

    threads = [threading.Thread(target=run, args=(i,), daemon=True)
               for i in range(len(workers))]
    for thread in threads:
        thread.start()
    until = time.monotonic() + PATIENCE
    for thread in threads:
        thread.join(max(0, until - time.monotonic()))
    hang = sum(thread.is_alive() for thread in threads)
    if hang:
        diag("%s: of %d threads, %d hang" % (what, len(threads), hang))
    return results


def main(parts):
    """Run the part that the command line names; none may hang"""
    print("TAP version 13", flush=True)
    if len(sys.argv) != 2 or sys.argv[1] not in parts:
        bail("usage: %s %s" % (sys.argv[0], "|".join(parts)))
    # The library's router ends by an exception in its own thread.
    threading.excepthook = lambda e: diag("thread: %s: %s" % (e.exc_type.__name__,
                                                              e.exc_value))
    ended = threading.Event()

    def run():
        try:
            parts[sys.argv[1]]()
        except Exception:
            diag(traceback.format_exc())
            ok(False, "[W3] no exception")
        ended.set()

    threading.Thread(target=run, daemon=True).start()
    if not ended.wait(4 * PATIENCE):
        bail("hangs")
    end()
