-- id: uneven-pair
-- title: Of two parties one sent the other much, and got nothing back
-- severity: info
-- needs: client-log|telemetry
-- proves: On this pair at least 10000 bytes went one way, and not one byte the other.
-- not-evidence: one-way-protocol = A flow in which one side of the pair has nothing to say. Then drop the pair from this rule.
-- blind-to: Bytes that a program wrote and its client refused.
-- remedy: Trace the silent direction with `hotlink-doctor trace`; it says whether anything was ever attempted.
--
-- The evidence is the line by which a session of the loud direction was opened.
SELECT
  there.from_email,
  there.to_email,
  'sent at least ' || there.sent_min || ' bytes and got none back' AS message,
  there.sent_min AS bytes,
  e.t,
  e.source,
  e.line_no AS line
FROM flow_matrix AS there
JOIN flow_matrix AS back ON back.from_email = there.to_email AND back.to_email = there.from_email
JOIN (
  SELECT s.opener, s.peer, ev.t, ev.source, ev.line_no
  FROM session AS s
  JOIN ev ON ev.kind = 'session-new' AND ev.sid8 = s.sid AND ev.party = s.opener
  QUALIFY row_number() OVER (PARTITION BY s.opener, s.peer ORDER BY ev.line_no) = 1
) AS e ON e.opener = there.from_email AND e.peer = there.to_email
WHERE there.sent_min >= 10000 AND back.sent_max = 0
ORDER BY there.from_email, there.to_email
