# shellcheck shell=bash
# Refusals, repeated requests, paging.

step 'Errors: fields, versions, repeated requests'
ask nobody GET /me
refused 401 unauthenticated
ask worker POST /persons '{"name":"A","sex":"female","birth":{"precision":"unknown"},"colour":"red"}'
refused 400 malformed
same "$(field errors 0 field) $(field errors 0 rule)" 'colour unknown_field' 'field error'
ask worker POST /persons '{"name":"A","sex":"female","birth":{"precision":"exact"}}'
refused 422 invalid
same "$(field errors 0 field) $(field errors 0 rule)" 'birth.date required' 'field error'
ask worker PATCH "/cases/$case" '{"summary":"Đã học xong."}'
refused 428 version_required
ask worker PATCH "/cases/$case" '{"summary":"Đã học xong."}' -H 'If-Match: "1"'
refused 412 version_stale
say "the record has $(etag) now; changed: $(field changed)"
ask worker PATCH "/cases/$case" '{"summary":"Đã học xong."}' -H "If-Match: $(etag)"
want 200
ask worker POST "/cases/$case/status" "{\"to\":\"confirmed\",\"occurred_on\":\"$today\"}" -H "If-Match: $(etag)"
refused 409 illegal_transition
key=$(new_key)
gift="{\"case_id\":\"$case\",\"service_type\":\"travel\",\"delivered_on\":\"$today\",\"form\":\"money\",\"amount_dong\":150000}"
ask worker POST /deliveries "$gift" -H "Idempotency-Key: $key"
want 201
first=$(field id)
ask worker POST /deliveries "$gift" -H "Idempotency-Key: $key"
want 201
same "$(field id)" "$first" 'the repeated request'
ask worker POST /deliveries "${gift/150000/160000}" -H "Idempotency-Key: $key"
refused 422 idempotency_key_reused
ask worker POST /deliveries "$gift" -H 'Idempotency-Key;'
refused 400 malformed

step 'Paging: two pages of two are one page of four'
ids() { python3 -IS -c 'import json,sys; print(*(i["id"] for i in json.load(sys.stdin)["items"]))' <<<"$body"; }
ask worker GET '/cases?limit=4'
want 200
four=$(ids)
ask worker GET '/cases?limit=2'
two=$(ids)
ask worker GET "/cases?limit=2&cursor=$(field next_cursor)"
same "$two $(ids)" "$four" 'pages'
ask worker GET '/cases?limit=201'
refused 422 invalid
