import { createHmac, timingSafeEqual } from "node:crypto";

// headers: names in lower case, as node:http gives them. body: a Buffer, the raw bytes.
export function isOurs(secret, headers, body) {
  const given = headers["x-alvys-signature"] ?? "";
  const parts = given.split(",").map((part) => part.split("="));
  const timestamp = parts.find(([name]) => name === "t")?.[1] ?? "";
  const isRecent = /^\d+$/.test(timestamp) && Math.abs(Date.now() / 1000 - timestamp) <= 300;
  const expected = createHmac("sha256", secret)
    .update(`${timestamp}.${headers["x-alvys-event-id"] ?? ""}.`)
    .update(body)
    .digest();
  // While a rotation runs, v0 is the signature by the previous secret.
  return isRecent && parts.some(([name, value = ""]) => {
    const signature = Buffer.from(value, "hex");
    return (name === "v1" || name === "v0")
      && signature.length === expected.length
      && timingSafeEqual(signature, expected);
  });
}
