# shellcheck shell=bash
# How a session goes on and ends.

step 'A refresh token is good for one refresh; a logout ends the session'
ask nobody POST /auth/refresh "{\"refresh_token\":\"${refresh[worker]}\"}"
want 200
token[worker]=$(field access_token)
ask worker POST /auth/logout
want 204
ask worker GET /me
refused 401 unauthenticated
