using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;

public static class Webhooks
{
    // headers: names in lower case. body: the raw bytes. Any .NET, or .NET Framework 4.6.
    public static bool IsOurs(string secret, IReadOnlyDictionary<string, string> headers, byte[] body)
    {
        headers.TryGetValue("x-alvys-signature", out var given);
        headers.TryGetValue("x-alvys-event-id", out var eventId);
        var parts = (given ?? "").Split(',').Select(part => part.Split(new[] { '=' }, 2))
            .Where(pair => pair.Length == 2).ToList();
        var timestamp = parts.FirstOrDefault(pair => pair[0] == "t")?[1] ?? "";
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        if (!uint.TryParse(timestamp, out var seconds) || Math.Abs(now - seconds) > 300)
        {
            return false;
        }
        var head = Encoding.UTF8.GetBytes($"{timestamp}.{eventId}.");
        using (var hmac = new HMACSHA256(Encoding.UTF8.GetBytes(secret)))
        {
            var mac = hmac.ComputeHash(head.Concat(body).ToArray());
            var expected = BitConverter.ToString(mac).Replace("-", "").ToLowerInvariant();
            // While a rotation runs, v0 is the signature by the previous secret.
            return parts.Any(pair =>
                (pair[0] == "v1" || pair[0] == "v0") && AreEqual(expected, pair[1]));
        }
    }

    // In constant time: how long it takes does not tell where they differ.
    private static bool AreEqual(string expected, string signature)
    {
        var differences = expected.Length ^ signature.Length;
        for (var i = 0; i < Math.Min(expected.Length, signature.Length); i++)
        {
            differences |= expected[i] ^ signature[i];
        }
        return differences == 0;
    }
}
