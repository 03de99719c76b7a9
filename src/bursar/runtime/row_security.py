"""Row-level security: the database itself refuses rows of another workspace.

Every table with a `workspace_id` gets one policy, forced on its owner too. The application role
owns nothing; what it may do to a table is stated beside the table (`info["grants"]`) and granted
after each migration.
"""

from sqlalchemy import MetaData

# Scalar subqueries are evaluated once a statement; bare calls would run again for every row, which
# makes reading 2.5 M rows three times slower.
CURRENT_WORKSPACE = "(SELECT nullif(current_setting('bursar.workspace_id', true), '')::uuid)"
EVERY_WORKSPACE_ON = "(SELECT coalesce(current_setting('bursar.every_workspace', true), '') = 'on')"


def protect(table: str, column: str = "workspace_id", *, nullable: bool = False) -> list[str]:
    """Return the statements that confine `table` to the current workspace.

    nullable: rows without a workspace may be added by anyone (refused sign-ins in the journal).
    """
    own = f"{column} = {CURRENT_WORKSPACE} OR {EVERY_WORKSPACE_ON}"
    check = f"{own} OR {column} IS NULL" if nullable else own
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY workspace ON {table} USING ({own}) WITH CHECK ({check})",
    ]


def append_only(table: str) -> list[str]:
    """Return the statements that refuse UPDATE, DELETE and TRUNCATE on `table` for everyone."""
    refuse = "EXECUTE FUNCTION bursar_refuse_change()"
    return [
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {refuse}",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}",
    ]


def grants(metadata: MetaData, role: str, *, owns: bool = False) -> list[str]:
    """Return the statements that give the application role exactly its stated rights.

    owns: it is the owner as well (an external server with one role), so it keeps the rights of
    both; a table's `owner_grants` are for what no request may do.
    """
    quoted_role = '"' + role.replace('"', '""') + '"'
    statements = [f"GRANT USAGE ON SCHEMA public TO {quoted_role}"]
    for table in metadata.sorted_tables:
        stated: tuple[str, ...] = table.info.get("grants", ())
        rights = ", ".join(table.info.get("owner_grants", stated) if owns else stated)
        statements.append(f"REVOKE ALL ON {table.name} FROM {quoted_role}")
        if rights:
            statements.append(f"GRANT {rights} ON {table.name} TO {quoted_role}")
    statements.append(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {quoted_role}")
    return statements
