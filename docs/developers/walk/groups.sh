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
phone=$(new_key)
session=$(new_key)
moment=$(date -u +%FT%TZ)
batch="{\"group_id\":\"$group\",\"device_id\":\"$phone\",\"device_time\":\"$moment\",\"operations\":[
    {\"id\":\"$(new_key)\",\"at\":\"$moment\",\"kind\":\"contact_create\",\"session\":{\"operation\":\"$session\"},\"body\":{\"worker\":1,\"sex\":\"female\",
        \"age_band\":\"25_34\",\"needs\":[\"medical\"],\"code\":{\"said\":{\"own_letters\":\"Hoa\",\"mother_letters\":\"Lan\",\"day\":4,\"month\":3,\"year\":1996}}}},
    {\"id\":\"$session\",\"at\":\"$moment\",\"kind\":\"session_create\",\"body\":{\"held_on\":\"$today\",\"unit_code\":\"$unit\",\"venue\":\"street\",
        \"workers\":[1],\"topics\":[\"hiv\"],\"supplies\":{\"condom\":20}}}]}"
ask leader POST /outreach/sync "$batch"
want 200
same "$(field results 0 status) $(field results 1 status)" 'applied applied' 'results'
ask leader POST /outreach/sync "$batch"
same "$(field results 0 status) $(field results 1 status)" 'already_applied already_applied' 'results of the same again'
ask manager GET "/outreach/totals?group_id=$group&from=$today&to=$today"
want 200
same "$(field contacts) $(field persons_with_code)" '1 1' 'contacts, and persons with a code'
ask manager GET "/outreach/sessions?group_id=$group"
refused 403 forbidden
ask receiver GET "/outreach/totals?group_id=$group&from=$today&to=$today"
refused 404 not_found
