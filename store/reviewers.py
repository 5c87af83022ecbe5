"""Who may decide on a merge."""

IS_REVIEWER = """
    p.disabled IS NULL
    AND EXISTS (SELECT FROM roles r WHERE r.person_id = p.id AND r.role = 'specialist'
                AND (r.database_id IS NULL OR r.database_id = m.database_id))
    AND NOT EXISTS (SELECT FROM merge_requesters q JOIN tokens t ON t.id = q.token_id
                    WHERE q.merge_id = m.id AND t.person_id = p.id)"""
"""Holds for a person `p` and a merge `m`: a specialist of its database who is none of its requesters."""
