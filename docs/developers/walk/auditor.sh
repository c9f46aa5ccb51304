# shellcheck shell=bash
# What the auditor reads of the case of the main job, and of the views of the school.

step 'The auditor reads who did what, and who looked, without content'
ask auditor GET "/audit/trail/case/$case"
want 200
say "$(python3 -IS -c 'import json,sys; print(*(e["action"] for e in json.load(sys.stdin)["items"]))' <<<"$body")"
same "$(field items 0 action)" create 'first entry of the trail'
grep -q 'may\|Minh Họa' <<<"$body" && fail 'the trail holds content'
ask school GET /me
views="/audit/views?account_id=$(field account_id)&limit=200" more=''
# The oldest come first, so after some walks the school's view of today stands on a later page.
until ask auditor GET "$views$more" && want 200 && grep -q "$training" <<<"$body"; do
    next=$(field next_cursor)
    [ "$next" != null ] || fail 'the view of the school was not logged'
    more="&cursor=$next"
done
field items 0 seq >/dev/null || fail 'views have no number'
ask auditor GET "/cases/$case"
refused 403 forbidden
