import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

final class Verify {
    /** headers: names in lower case. body: the raw bytes. Java 17 or newer. */
    static boolean isOurs(String secret, Map<String, String> headers, byte[] body)
            throws GeneralSecurityException {
        String timestamp = "";
        List<byte[]> signatures = new ArrayList<>();
        for (String part : headers.getOrDefault("x-alvys-signature", "").split(",")) {
            String[] pair = part.split("=", 2);
            if (part.startsWith("t=")) {
                timestamp = pair[1];
            } else if (part.startsWith("v1=") || part.startsWith("v0=")) {
                // While a rotation runs, v0 is the signature by the previous secret.
                signatures.add(pair[1].getBytes(StandardCharsets.UTF_8));
            }
        }
        if (!timestamp.matches("\\d{1,12}")
                || Math.abs(Instant.now().getEpochSecond() - Long.parseLong(timestamp)) > 300) {
            return false;
        }
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        String head = timestamp + "." + headers.getOrDefault("x-alvys-event-id", "") + ".";
        mac.update(head.getBytes(StandardCharsets.UTF_8));
        byte[] expected = HexFormat.of().formatHex(mac.doFinal(body)).getBytes(StandardCharsets.UTF_8);
        return signatures.stream().anyMatch(each -> MessageDigest.isEqual(expected, each));
    }
}
