# shellcheck shell=bash
# A case goes on at another centre.

step 'A case is offered to another centre on a consent that names it'
newcomer 'Đinh Thị Chuyển Nơi Ở' at_risk social_support
hand_over() { ask worker POST "/cases/$case/transfers" "{\"to_organisation_id\":\"$receiver\",\"ground\":\"consent\",\"summary\":\"Chị về ở với dì.\"}"; }
hand_over
refused 409 consent_missing
ask worker POST "/persons/$person/consents" "{\"purpose\":\"transfer\",\"recipient_organisation_id\":\"$receiver\",\"given_by\":\"self\",\"given_on\":\"$today\",\"proof\":\"written_signature\"}"
want 201
hand_over
want 201
transfer=$(field id)
hand_over
refused 409 transfer_offered

step "The receiver's manager reads the minimum, accepts, and has a case of its own"
ask receiver GET '/transfers?incoming=true&status=offered&limit=200'
want 200
grep -q "$transfer" <<<"$body" || fail 'the receiver does not find the transfer'
ask receiver GET "/transfers/$transfer"
want 200
same "$(field age_group) $(field needs) $(field summary)" 'adult ["social_support"] null' 'the minimum'
grep -q "$case\|$person\|at_risk" <<<"$body" && fail 'the minimum says too much'
ask taker GET "/transfers/$transfer"
refused 404 not_found
ask manager POST "/transfers/$transfer/accept" '{}' -H 'If-Match: "1"'
refused 403 forbidden
change receiver "/transfers/$transfer" accept '{}'
want 200
same "$(field summary)" 'Chị về ở với dì.' 'summary after acceptance'
new_case=$(field new_case_id)
ask taker GET "/cases/$new_case"
want 200
same "$(field status) $(field person name)" 'receiving_support Đinh Thị Chuyển Nơi Ở' 'the case goes on'

step 'The sender keeps its own closed case, and no way to the person'
ask worker GET "/cases/$case"
want 200
same "$(field status) $(field close_reason)" 'closed transferred' 'the case of the sender'
ask worker GET "/persons/$person"
refused 404 not_found
ask receiver GET "/cases/$case"
refused 404 not_found
