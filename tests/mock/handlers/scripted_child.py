"""A child process that does what a record's value says.

    ok                success
    skip, retry, reject
    emit              success with an event for the topic that is the first argument
    context           as emit; the event says what the process was given
    exit:N            ends with exit code N
    kill              ends by SIGKILL
    hang              never answers this one, and answers nothing after it
    lose              never answers this one, and answers others
    garbage           writes lines that are no answers, then success
    bad               an answer with an unknown outcome
    twice             success, twice
    long              a line without an end, up to 4 MB
    stderr:N          N lines on stderr, then success
    once:WHAT         WHAT in the first attempt, ok afterwards
"""
import json
import os
import signal
import sys
import time


def context(request):
    descriptors = sorted(os.listdir("/proc/self/fd"), key=int)
    open_ones = [f for f in descriptors if os.path.exists(f"/proc/self/fd/{f}")]
    return {
        "request": {k: v for k, v in request.items() if k != "id"},
        "kafka_variables": [n for n in os.environ if n.startswith("KAFKA_")],
        "other_variable": os.environ.get("SCRIPTED_CHILD", ""),
        "descriptors": open_ones,
        "directory": os.getcwd(),
        "blocked": int(blocked_signals(), 16),
    }


def blocked_signals():
    with open("/proc/self/status", encoding="ascii") as status:
        return next(line.split()[1] for line in status if line.startswith("SigBlk:"))


def say(answer):
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def handle(request, what):
    answer = {"id": request["id"], "outcome": "success"}
    word, _, number = what.partition(":")
    if word == "once":
        return handle(request, number if request["attempt"] == 1 else "ok")
    if word in ("skip", "retry", "reject"):
        answer.update(outcome=word, reason="as told", error="ToldError")
    elif word == "emit":
        answer["emit"] = [{"topic": sys.argv[1], "value": {"of": request["offset"]},
                           "headers": [{"name": "from", "value": "child"}]}]
    elif word == "context":
        answer["emit"] = [{"topic": sys.argv[1], "value": context(request)}]
    elif word == "exit":
        sys.exit(int(number))
    elif word == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif word == "hang":
        while True:
            time.sleep(60)
    elif word == "lose":
        return
    elif word == "garbage":
        sys.stdout.write("Traceback: secret-garbage\n\n[]\n{\"id\":\"7\"}\n{\"id\":999999,"
                         "\"outcome\":\"success\"}\n")
    elif word == "bad":
        answer["outcome"] = "fine"
    elif word == "twice":
        say(answer)
    elif word == "long":
        sys.stdout.write("x" * 4_000_000)
        sys.stdout.flush()
    elif word == "stderr":
        for i in range(int(number)):
            print(f"line {i} \x1b[31m\u0007 of the flood", file=sys.stderr)
    say(answer)


def main():
    with open(os.path.join(os.environ["SCRIPTED_CHILD"], f"pid-{os.getpid()}"), "w") as mark:
        mark.write("started")
    for line in iter(sys.stdin.readline, ""):
        request = json.loads(line)
        handle(request, request["value"])
    with open(os.path.join(os.environ["SCRIPTED_CHILD"], f"pid-{os.getpid()}"), "w") as mark:
        mark.write("ended")


main()
