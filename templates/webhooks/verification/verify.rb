require "openssl"

# headers: names in lower case. body: the raw bytes, request.body.read.
def ours?(secret, headers, body)
  parts = headers.fetch("x-alvys-signature", "").split(",").map { |part| part.partition("=").values_at(0, 2) }
  timestamp = parts.to_h.fetch("t", "")
  return false unless timestamp.match?(/\A\d+\z/) && (Time.now.to_i - timestamp.to_i).abs <= 300

  message = "#{timestamp}.#{headers.fetch("x-alvys-event-id", "")}.".b + body.b
  expected = OpenSSL::HMAC.hexdigest("SHA256", secret, message)
  # While a rotation runs, v0 is the signature by the previous secret.
  parts.any? { |name, value| %w[v1 v0].include?(name) && OpenSSL.secure_compare(value, expected) }
end
