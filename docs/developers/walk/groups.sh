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
