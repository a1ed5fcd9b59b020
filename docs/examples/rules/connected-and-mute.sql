-- id: connected-and-mute
-- title: A program is connected to its client and never wrote to this peer
-- severity: info
-- needs: telemetry
-- proves: At the last flush a program held the proxy's connection, and its party opened no session towards that peer.
-- not-evidence: answers-only = A program that only reads on this pair. It is mute by design.
-- not-evidence: adopted = A party of E3 that answers on a session of its peer opens none of its own; it is not listed.
-- blind-to: A program that wrote and was refused before a session was opened.
-- remedy: Ask the program what it waits for; if it should have sent first, its own log or stack says why not.
SELECT
  party.email AS from_email,
  peer.email AS to_email,
  'its program is connected and never wrote a byte towards ' || peer.email AS message,
  p.port,
  p.source_id,
  p.pointer,
  'port ' || p.port || ' connected: true' AS shows
FROM telemetry_proxy AS p
JOIN party ON party.email = p.party
JOIN party AS peer ON peer.email <> party.email AND peer.email IN (p.from_email, p.to_email)
WHERE p.connected
  AND NOT EXISTS (SELECT 1 FROM stream AS s WHERE s.from_email = party.email AND s.to_email = peer.email)
ORDER BY from_email, to_email
