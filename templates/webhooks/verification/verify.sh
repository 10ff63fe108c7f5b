#!/usr/bin/env bash
# Is a request that you caught signed by us? With its values:
#   secret='whsec_…' event_id='evt_…' signature='t=…,v1=…' bash verify.sh <body.json
set -euo pipefail

timestamp=$(sed -n 's/^\(.*,\)\{0,1\}t=\([0-9]*\).*$/\2/p' <<<"$signature")
expected=$( (printf '%s.%s.' "$timestamp" "$event_id"; cat) |
  openssl dgst -sha256 -hmac "$secret" -r | cut -d' ' -f1)
now=$(date +%s)
[ -n "$timestamp" ] && [ $((now - timestamp)) -le 300 ] && [ $((timestamp - now)) -le 300 ] ||
  { echo 'refused: older than 5 minutes'; exit 1; }
# While a rotation runs, v0 is the signature by the previous secret.
case ",$signature," in
  *",v1=$expected,"* | *",v0=$expected,"*) echo 'ours' ;;
  *) echo 'refused: not signed with this secret'; exit 1 ;;
esac
