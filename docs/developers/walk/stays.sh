# shellcheck shell=bash
# Nights at a facility, measured against what the law gives.

step 'The shelter records a stay; its last day is the law'"'"'s'
newcomer 'Đinh Thị Tạm Trú' possible_victim essential_needs
refer essential_needs "$shelter"
take shelter accept
take shelter start
arrive() { ask shelter POST /stays "{\"referral_id\":\"$referral\",\"room\":\"$1\",\"in_on\":\"$today\"}"; } # arrive ROOM
arrive 'Phòng chị Lan'
refused 422 invalid
arrive ZZ9-1
want 201
stay=$(field id) runs_out=$(field runs_out_on)
grep -q "$case\|$person\|possible_victim" <<<"$body" && fail 'the facility learns case, person or category'
say "covered until $runs_out"
arrive ZZ9-2
refused 409 stay_overlaps
ask lender GET "/stays/$stay"
refused 404 not_found

step 'An extension moves it; a person leaves once'
change shelter "/stays/$stay" extensions "{\"days\":30,\"granted_by\":\"facility_director\",\"granted_on\":\"$today\",\"reason\":\"health\"}"
want 200
same "$(field runs_out_on)" "$(python3 -IS -c 'import datetime, sys; print(datetime.date.fromisoformat(sys.argv[1]) + datetime.timedelta(30))' "$runs_out")" 'last day covered'
change shelter "/stays/$stay" leave '{"out_on":"2020-01-01"}'
refused 422 invalid
change shelter "/stays/$stay" leave "{\"out_on\":\"$today\"}"
want 200
change shelter "/stays/$stay" leave "{\"out_on\":\"$today\"}"
refused 409 stay_ended
ask worker GET "/cases/$case/entitlements?on=$today"
want 200
say "used: $(python3 -IS -c 'import json,sys; print(next(i["used"] for i in json.load(sys.stdin)["items"] if i["service_type"] == "essential_needs"))' <<<"$body") day"
