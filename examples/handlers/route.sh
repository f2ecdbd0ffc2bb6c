#!/usr/bin/env bash
# A handler as a shell script: one jq process does the work, so that nothing is started for a record.
# Sends each order to a topic of its country; needs bash and jq (Debian: jq). In the configuration:
#
#     [[handlers]]
#     event_type = "order.*"
#     kind = "subprocess"
#     command = ["bash", "examples/handlers/route.sh"]
#     concurrency = 1
set -euo pipefail

# --unbuffered: an answer has to leave at once. -c: one line each.
exec jq --unbuffered -c '
  . as $request
  | (try ($request.value | fromjson) catch null) as $order
  | if ($order | type) != "object" then
      {id: $request.id, outcome: "reject", reason: "no JSON object"}
    elif $order.country == null then
      {id: $request.id, outcome: "skip", reason: "no country"}
    else
      {id: $request.id, outcome: "success",
       emit: [{topic: ("orders." + ($order.country | ascii_downcase)), value: $request.value}]}
    end'
