# shellcheck shell=bash
# A commune that was split: its full name, and which share of it lies in which new one.

step 'The administrator declares the shares of a split commune, and takes them back'
split=/admin-units/G63-C00688
ask worker GET "$split"
want 200
same "$(field full_name_vi)" 'Phường Quang Trung, Thành phố Hà Giang, Tỉnh Hà Giang (nay thuộc: Phường Hà Giang 2, Tỉnh Tuyên Quang; Phường Hà Giang 1, Tỉnh Tuyên Quang)' 'its full name'
shares() { echo '{"basis":"area","shares":[{"successor_code":"G34-C00691","thousandths":650},{"successor_code":"G34-C00694","thousandths":'"$1"'}]}'; }
ask administrator GET "$split/shares"
want 200
before=$(etag)
ask worker PUT "$split/shares" "$(shares 350)" -H "If-Match: $before"
refused 403 forbidden
ask administrator PUT "$split/shares" "$(shares 351)" -H "If-Match: $before"
refused 422 invalid
same "$(field errors 0 field)" shares 'field that is wrong'
ask administrator PUT "$split/shares" "$(shares 350)" -H "If-Match: $before"
want 200
same "$(field shares 1 thousandths)" 350 'share of the second part'
ask administrator DELETE "$split/shares" '' -H "If-Match: $(etag)"
want 204
