require "openssl"

# headers: names in lower case. body: the raw bytes, request.body.read.
def ours?(secret, headers, body)
  parts = headers.fetch("x-alvys-signature", "").split(",").to_h { |part| (part.split("=", 2) + [""]).first(2) }
  timestamp = parts.fetch("t", "")
  return false unless timestamp.match?(/\A\d+\z/) && (Time.now.to_i - timestamp.to_i).abs <= 300

  message = "#{timestamp}.#{headers.fetch("x-alvys-event-id", "")}.".b + body.b
  expected = OpenSSL::HMAC.hexdigest("SHA256", secret, message)
  # While a rotation runs, v0 is the signature by the previous secret.
  parts.values_at("v1", "v0").compact.any? do |signature|
    OpenSSL.secure_compare(signature, expected)
  end
end
