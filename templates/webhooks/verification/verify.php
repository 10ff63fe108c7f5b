<?php

// $headers: names in lower case. $body: the raw bytes, file_get_contents('php://input').
function is_ours(string $secret, array $headers, string $body): bool
{
    $parts = [];
    foreach (explode(',', $headers['x-alvys-signature'] ?? '') as $part) {
        [$name, $value] = explode('=', $part, 2) + [1 => ''];
        $parts[$name] = $value;
    }
    $timestamp = $parts['t'] ?? '';
    if (!ctype_digit($timestamp) || abs(time() - (int) $timestamp) > 300) {
        return false;
    }
    $message = $timestamp . '.' . ($headers['x-alvys-event-id'] ?? '') . '.' . $body;
    $expected = hash_hmac('sha256', $message, $secret);
    // While a rotation runs, v0 is the signature by the previous secret.
    return hash_equals($expected, $parts['v1'] ?? '')
        || hash_equals($expected, $parts['v0'] ?? '');
}
