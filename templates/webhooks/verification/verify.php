<?php

// $headers: names in lower case. $body: the raw bytes, file_get_contents('php://input').
function is_ours(string $secret, array $headers, string $body): bool
{
    $timestamp = '';
    $signatures = [];
    foreach (explode(',', $headers['x-alvys-signature'] ?? '') as $part) {
        [$name, $value] = explode('=', $part, 2) + [1 => ''];
        if ($name === 't') {
            $timestamp = $value;
        } elseif ($name === 'v1' || $name === 'v0') {
            // While a rotation runs, v0 is the signature by the previous secret.
            $signatures[] = $value;
        }
    }
    if (!ctype_digit($timestamp) || abs(time() - (int) $timestamp) > 300) {
        return false;
    }
    $message = $timestamp . '.' . ($headers['x-alvys-event-id'] ?? '') . '.' . $body;
    $expected = hash_hmac('sha256', $message, $secret);
    foreach ($signatures as $signature) {
        if (hash_equals($expected, $signature)) {
            return true;
        }
    }
    return false;
}
