using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;

public static class Webhooks
{
    // headers: names in lower case. body: the raw bytes. .NET 6 or newer.
    public static bool IsOurs(string secret, IReadOnlyDictionary<string, string> headers, byte[] body)
    {
        var parts = headers.GetValueOrDefault("x-alvys-signature", "")
            .Split(',').Select(part => part.Split('=', 2)).Where(pair => pair.Length == 2).ToList();
        var timestamp = parts.FirstOrDefault(pair => pair[0] == "t")?[1] ?? "";
        if (!long.TryParse(timestamp, out var seconds)
            || Math.Abs(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - seconds) > 300)
        {
            return false;
        }
        var head = Encoding.UTF8.GetBytes($"{timestamp}.{headers.GetValueOrDefault("x-alvys-event-id", "")}.");
        var mac = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), head.Concat(body).ToArray());
        var expected = Encoding.UTF8.GetBytes(Convert.ToHexString(mac).ToLowerInvariant());
        // While a rotation runs, v0 is the signature by the previous secret.
        return parts.Where(pair => pair[0] is "v1" or "v0").Any(pair =>
            CryptographicOperations.FixedTimeEquals(expected, Encoding.UTF8.GetBytes(pair[1])));
    }
}
