# shellcheck shell=bash
# A group of peers: what its leader reads, where it works, how many it is.

step 'A leader reads the own group; the centre that supports it says how many it is'
ask leader GET /outreach/catalogue
want 200
same "$(field models 0 reported localities) $(field reported points)" '9 113' 'what was reported of the models'
ask leader GET /peer-groups
want 200
group=$(field items 0 id)
same "$(field items 0 supported_by_id)" "$centre" 'centre of the group'
ask leader GET "/peer-groups/$group"
want 200
count='{"leaders":1,"board":0,"educators":3,"members":8}'
ask leader PUT "/peer-groups/$group/members/$today" "$count" -H "If-Match: $(etag)"
refused 403 forbidden
ask manager GET "/peer-groups/$group"
ask manager PUT "/peer-groups/$group/members/$today" "$count" -H "If-Match: $(etag)"
want 200
same "$(field members total)" 12 'members in all'
ask receiver GET "/peer-groups/$group"
refused 404 not_found

step 'A unit is named once for a day'
place="{\"unit_code\":\"$unit\",\"valid_from\":\"2025-07-01\"}"
ask manager GET "/peer-groups/$group"
ask manager PUT "/peer-groups/$group/places" "{\"places\":[$place,$place]}" -H "If-Match: $(etag)"
refused 422 invalid
same "$(field errors 0 field)" 'places[1].valid_from' 'field that is wrong'

step 'A phone hands in a session with somebody met, twice, and it is there once'
ask leader GET "/outreach/totals?group_id=$group&from=$today&to=$today"
want 200
before=$(field contacts)
phone=$(new_key)
session=$(new_key)
met=$(new_key)
moment=$(date -u +%FT%TZ)
letters=$(python3 -c 'import random; print("".join(random.choices("abcdeghiklmnopqrstuvxy", k=4)))')
code="{\"said\":{\"own_letters\":\"Hoa\",\"mother_letters\":\"$letters\",\"day\":4,\"month\":3,\"year\":1996}}"
batch() { echo "{\"group_id\":\"$group\",\"device_id\":\"$phone\",\"device_time\":\"$moment\",\"operations\":[$1]}"; }
told="{\"id\":\"$met\",\"at\":\"$moment\",\"kind\":\"contact_create\",\"session\":{\"operation\":\"$session\"},\"body\":{\"worker\":1,\"sex\":\"female\",
        \"age_band\":\"25_34\",\"needs\":[\"psychological\"],\"code\":$code}},
    {\"id\":\"$session\",\"at\":\"$moment\",\"kind\":\"session_create\",\"body\":{\"held_on\":\"$today\",\"unit_code\":\"$unit\",\"venue\":\"street\",
        \"workers\":[1],\"topics\":[\"hiv\"],\"supplies\":{\"condom\":20}}}"
ask leader POST /outreach/sync "$(batch "$told")"
want 200
same "$(field results 0 status) $(field results 1 status)" 'applied applied' 'results'
ask leader POST /outreach/sync "$(batch "$told")"
same "$(field results 0 status) $(field results 1 status)" 'already_applied already_applied' 'results of the same again'
ask leader GET "/outreach/totals?group_id=$group&from=$today&to=$today"
want 200
same "$(field contacts)" $((before + 1)) 'contacts of today'
ask manager GET "/outreach/totals?group_id=$group&from=$today&to=$today"
refused 422 invalid
ask manager GET "/outreach/totals?group_id=$group&from=${today%-*}-01&to=$(date -d "${today%-*}-01 +1 month -1 day" +%F)"
want 200
[ "$(field contacts)" -gt "$before" ] || fail 'the month holds what its days hold'
ask manager GET "/outreach/sessions?group_id=$group"
refused 403 forbidden
ask receiver GET "/outreach/totals?group_id=$group&from=2026-01-01&to=2026-01-31"
refused 404 not_found

step 'Somebody met is referred, comes, and is known as a person on record; the leader hears that she was served, no more'
newcomer 'Phạm Thị Gặp Lại' person_selling_sex psychological
ask leader POST /outreach/sync "$(batch "{\"id\":\"$(new_key)\",\"at\":\"$moment\",\"kind\":\"referral_send\",\"record\":{\"operation\":\"$met\"},
    \"body\":{\"to_organisation_id\":\"$centre\",\"service_type\":\"psychological\",\"agreed_on\":\"$today\",\"message\":\"Sẽ đến buổi sáng.\"}}")"
want 200
same "$(field results 0 status)" applied 'result'
sent=$(field results 0 record)
arrival="{\"arrived_on\":\"$today\",\"person_id\":\"$person\"}"
change worker "/outreach/referrals/received/$sent" arrival "$arrival"
refused 409 support_consent_missing
ask worker POST "/persons/$person/consents" "{\"purpose\":\"support\",\"given_by\":\"self\",\"given_on\":\"$today\",\"proof\":\"written_signature\"}"
want 201
change worker "/outreach/referrals/received/$sent" arrival "$arrival"
want 200
change worker "/outreach/referrals/received/$sent" service "{\"served_on\":\"$today\"}"
want 200
ask worker GET "/persons/$person/contact-codes"
want 200
[ "$body" != '[]' ] || fail 'the code is not known as the person'
ask leader GET "/outreach/referrals/sent?group_id=$group&limit=200"
want 200
heard=$(python3 -IS -c 'import json, sys; print(next(x["status"] for x in json.load(sys.stdin)["items"] if x["id"] == sys.argv[1]))' "$sent" <<<"$body")
same "$heard" served 'what the leader hears'
! grep -q "$person" <<<"$body" || fail 'the leader is told who it is'
ask leader GET "/outreach/referrals/received/$sent"
refused 403 forbidden

step 'A phone is registered, so that what it seals is taken when its leader has no access any more'
ask leader PUT "/outreach/devices/$phone" "{\"group_id\":\"$group\"}"
want 200
[ -n "$(field public_key)" ] || fail 'no key to seal with'
ask nobody POST /outreach/parcels "{\"device_id\":\"$phone\",\"account_id\":\"$(new_key)\",\"group_id\":\"$group\",\"key_id\":\"none\",\"tag\":\"\",\"parcel\":\"\"}"
[ "$status" -ge 400 ] || fail 'a parcel of nobody was taken'
ask manager GET "/outreach/parcels?group_id=$group&open=true"
want 200
