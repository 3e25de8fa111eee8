#!/bin/sh
# A session by hand. API is the address of the installation, TOKEN one with the scope "write".
set -eu
ask() { curl --silent --show-error --fail-with-body --header "Authorization: Bearer $TOKEN" "$@"; echo; }

# Who am I, and what is to be done?
ask "$API/api/v1/me"
ask "$API/api/v1/tasks?limit=2"

# Add somebody. The key makes it safe to send again.
ask --request POST "$API/api/v1/people" --header "Content-Type: application/json" \
    --header "Idempotency-Key: lena-1" --data '{"email": "lena@example.org", "first_name": "Lena"}'

# An edit names the state that it has seen.
tag=$(curl --silent --head --request GET --header "Authorization: Bearer $TOKEN" "$API/api/v1/people/$PERSON" |
    sed -n 's/^[Ee][Tt][Aa][Gg]: *//p' | tr -d '\r')
ask --request PATCH "$API/api/v1/people/$PERSON" --header "Content-Type: application/json" \
    --header "If-Match: $tag" --data '{"company": "Fjord Energy"}'
