"""A service that stays up: it closes a till each second, until SIGTERM or Ctrl-C ends it.

What it has begun when the signal comes it brings to its end. What is still to be done goes on at the next start.
"""

import argparse
import signal
import sys
import time

import cloaca

with cloaca.WorkflowBuilder("close_till"):

    @cloaca.task()
    def count(scheduled_time: str) -> None:
        print(f"counting the till of {scheduled_time}", flush=True)
        time.sleep(0.5)
        print(f"counted the till of {scheduled_time}", flush=True)


def serve(url: str) -> None:
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # before the runner is made, so that its threads leave them alone
    with cloaca.DefaultRunner(url) as runner:
        runner.register_cron_workflow("close_till", "* * * * * *", name="each second", overlap_policy="skip")
        print("running; SIGTERM or Ctrl-C ends it", flush=True)
        number = signal.sigwait(ends)
        print(f"{signal.Signals(number).name}: ending", flush=True)
    print("ended", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default="sqlite://service.db", metavar="URL", help="default: %(default)s")
    try:
        serve(parser.parse_args().database)
    except cloaca.Error as error:
        print(f"service.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
