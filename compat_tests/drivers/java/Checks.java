import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.sql.Array;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.SQLXML;

import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.PGStatement;
import org.postgresql.copy.CopyManager;
import org.postgresql.util.PGobject;
import org.postgresql.util.PSQLException;

/** pgjdbc: metadata, prepared statements beyond the threshold, fetch sizes, batches, arrays, COPY, savepoints. */
public class Checks {
    interface Body { Object run() throws Exception; }

    /** Schemas that every kalampg database has and PostgreSQL's do not. */
    static final Set<String> OWN_SCHEMAS = Set.of("kalam", "system");

    static String url;
    static Connection c;

    public static void main(String[] arguments) throws Exception {
        url = System.getenv("DRIVER_JDBC");
        c = DriverManager.getConnection(url);
        metadata();
        prepared();
        values();
        results();
        changes();
        transactions();
        others();
        c.close();
    }

    // ---- the report: one line per check, its name, a tab and the result as JSON

    static void check(String name, Body body) {
        Object result;
        try {
            result = body.run();
        } catch (SQLException e) {
            Map<String, Object> shown = new TreeMap<>();
            shown.put("error", e.getClass().getSimpleName());
            shown.put("state", e.getSQLState());
            shown.put("message", String.valueOf(e.getMessage()).split("\n")[0]);
            result = shown;
        } catch (Exception e) {
            result = e.toString();
        }
        StringBuilder line = new StringBuilder(name).append('\t');
        json(result, line);
        System.out.println(line);
    }

    static void json(Object value, StringBuilder to) {
        if (value == null || value instanceof Boolean || value instanceof Integer || value instanceof Long || value instanceof Short) {
            to.append(value);
        } else if (value instanceof Map<?, ?> map) {
            to.append('{');
            String separator = "";
            for (Map.Entry<?, ?> e : map.entrySet()) {
                to.append(separator);
                json(String.valueOf(e.getKey()), to);
                to.append(": ");
                json(e.getValue(), to);
                separator = ", ";
            }
            to.append('}');
        } else if (value instanceof Iterable<?> all) {
            to.append('[');
            String separator = "";
            for (Object one : all) {
                to.append(separator);
                json(one, to);
                separator = ", ";
            }
            to.append(']');
        } else if (value instanceof byte[] bytes) {
            json("bytes " + java.util.HexFormat.of().formatHex(bytes), to);
        } else if (value instanceof int[] ints) {
            json(Arrays.stream(ints).boxed().toList(), to);
        } else if (value instanceof Object[] all) {
            json(Arrays.asList(all), to);
        } else {
            to.append('"');
            for (char ch : value.toString().toCharArray()) {
                if (ch == '"' || ch == '\\') to.append('\\').append(ch);
                else if (ch < 0x20) to.append(String.format("\\u%04x", (int) ch));
                else to.append(ch);
            }
            to.append('"');
        }
    }

    static List<Object> rows(ResultSet r) throws SQLException {
        List<Object> all = new ArrayList<>();
        int n = r.getMetaData().getColumnCount();
        while (r.next()) {
            List<Object> row = new ArrayList<>();
            for (int i = 1; i <= n; i++) row.add(shown(r.getObject(i)));
            all.add(row);
        }
        r.close();
        return all;
    }

    static Object shown(Object value) throws SQLException {
        if (value instanceof Array a) {
            Object content = a.getArray();
            return a.getBaseTypeName() + " " + Arrays.deepToString((Object[]) content);
        }
        if (value instanceof SQLXML x) return "xml " + x.getString();
        if (value instanceof PGobject o) return o.getType() + " " + o.getValue();
        if (value instanceof Double || value instanceof Float || value instanceof BigDecimal) return value.getClass().getSimpleName() + " " + value;
        return value;
    }

    static List<Object> ask(String query) throws SQLException {
        try (Statement s = c.createStatement()) {
            return rows(s.executeQuery(query));
        }
    }

    static int run(String statement) throws SQLException {
        try (Statement s = c.createStatement()) {
            return s.executeUpdate(statement);
        }
    }

    // ---- what database tools ask

    static void metadata() throws SQLException {
        DatabaseMetaData m = c.getMetaData();
        check("product", () -> List.of(m.getDatabaseProductName(), m.getDatabaseMajorVersion(), m.getUserName(), m.getMaxColumnNameLength(), m.getDefaultTransactionIsolation()));
        check("catalogs", () -> rows(m.getCatalogs()).contains(List.of(c.getCatalog())));
        check("schemas", () -> rows(m.getSchemas()).stream().filter(r -> !OWN_SCHEMAS.contains(((List<?>) r).get(0))).toList());
        check("table types", () -> rows(m.getTableTypes()));
        check("tables", () -> rows(m.getTables(null, "public", "%", new String[] {"TABLE", "VIEW", "SEQUENCE", "INDEX", "TYPE", "PARTITIONED TABLE", "MATERIALIZED VIEW"})));
        check("system tables", () -> rows(m.getTables(null, "pg_catalog", "pg\\_cl%", null)));
        check("information schema", () -> rows(m.getTables(null, "information_schema", "tab%", null)));
        for (String table : new String[] {"customer", "invoice", "line", "happy"}) {
            check("columns " + table, () -> rows(m.getColumns(null, null, table, "%")));
            check("primary key " + table, () -> rows(m.getPrimaryKeys(null, null, table)));
            check("indexes " + table, () -> rows(m.getIndexInfo(null, null, table, false, true)));
            check("unique indexes " + table, () -> rows(m.getIndexInfo(null, null, table, true, false)));
            check("imported keys " + table, () -> rows(m.getImportedKeys(null, null, table)));
            check("exported keys " + table, () -> rows(m.getExportedKeys(null, null, table)));
            check("best row identifier " + table, () -> rows(m.getBestRowIdentifier(null, null, table, DatabaseMetaData.bestRowSession, true)));
            check("table privileges " + table, () -> rows(m.getTablePrivileges(null, null, table)));
            check("column privileges " + table, () -> rows(m.getColumnPrivileges(null, null, table, "n%")));
            check("version columns " + table, () -> rows(m.getVersionColumns(null, null, table)));
        }
        check("system columns", () -> rows(m.getColumns(null, "pg_catalog", "pg_index", "%")));
        check("cross reference", () -> rows(m.getCrossReference(null, null, "customer", null, null, "invoice")));
        check("type info", () -> rows(m.getTypeInfo()).stream().filter(r -> Set.of("int4", "text", "_int4", "numeric", "mood", "positive", "timestamptz", "jsonb", "customer").contains(((List<?>) r).get(0))).toList());
        check("user-defined types", () -> rows(m.getUDTs(null, "public", "%", null)));
        check("functions", () -> rows(m.getFunctions(null, "pg_catalog", "array\\_po%")));
        check("function columns", () -> rows(m.getFunctionColumns(null, "pg_catalog", "array\\_po%", "%")));
        check("procedures", () -> rows(m.getProcedures(null, "pg_catalog", "%")));
        check("keywords", () -> m.getSQLKeywords());
        check("functions by name", () -> m.getStringFunctions().length());
        check("client info", () -> rows(m.getClientInfoProperties()));
        check("max index keys", () -> m.getMaxColumnsInIndex());
    }

    static void prepared() throws SQLException {
        check("prepared beyond the threshold", () -> {
            List<Object> seen = new ArrayList<>();
            try (PreparedStatement p = c.prepareStatement("SELECT ?::int + 1, ?::text, ?::numeric")) {
                for (int i = 0; i < 8; i++) {
                    p.setInt(1, i);
                    p.setString(2, "s" + i);
                    p.setBigDecimal(3, new BigDecimal(i + ".50"));
                    seen.add(List.of(rows(p.executeQuery()), p.unwrap(PGStatement.class).isUseServerPrepare()));
                }
            }
            return seen;
        });
        check("parameter metadata", () -> {
            try (PreparedStatement p = c.prepareStatement("SELECT id FROM customer WHERE email = ? AND credit > ? AND seen < ? AND tags && ?")) {
                ParameterMetaData m = p.getParameterMetaData();
                List<Object> all = new ArrayList<>();
                for (int i = 1; i <= m.getParameterCount(); i++) all.add(List.of(m.getParameterTypeName(i), m.getParameterType(i), m.getParameterClassName(i)));
                return all;
            }
        });
        check("result metadata", () -> {
            try (PreparedStatement p = c.prepareStatement("SELECT id, email AS mail, credit, rank, mood, tags, credit + 1 AS more, code, flags, seen, key FROM customer")) {
                ResultSetMetaData m = p.getMetaData();
                List<Object> all = new ArrayList<>();
                for (int i = 1; i <= m.getColumnCount(); i++)
                    all.add(List.of(m.getColumnName(i), m.getColumnLabel(i), m.getColumnTypeName(i), m.getColumnType(i), m.getPrecision(i), m.getScale(i), m.isNullable(i), m.isAutoIncrement(i),
                        m.getTableName(i), m.getSchemaName(i), m.getColumnClassName(i), m.getColumnDisplaySize(i), m.isSigned(i)));
                return all;
            }
        });
        check("changed table", () -> {
            run("CREATE TABLE changing (a int)");
            run("INSERT INTO changing VALUES (1)");
            List<Object> seen = new ArrayList<>();
            try (PreparedStatement p = c.prepareStatement("SELECT * FROM changing")) {
                for (int i = 0; i < 7; i++) rows(p.executeQuery());
                run("ALTER TABLE changing ADD COLUMN b text DEFAULT 'new'");
                for (int i = 0; i < 2; i++) seen.add(rows(p.executeQuery()));
            }
            return seen;
        });
    }

    static Object bound(String type, Object value, int sqlType) throws SQLException {
        List<Object> seen = new ArrayList<>();
        try (PreparedStatement p = c.prepareStatement("SELECT ?::" + type + " AS v")) {
            Object last = null;
            for (int i = 0; i < 7; i++) {
                if (sqlType == Types.NULL) p.setObject(1, value); else p.setObject(1, value, sqlType);
                try (ResultSet r = p.executeQuery()) {
                    r.next();
                    last = shown(r.getObject(1));
                    if (i == 0) seen.add(last);
                    if (i == 6) { seen.add(last); if (!(last instanceof byte[])) seen.add(r.getString(1)); seen.add(r.getMetaData().getColumnTypeName(1)); }
                }
            }
        }
        return seen;
    }

    static void values() {
        Object[][] all = {
            {"bool", true}, {"int2", (short) -5}, {"int4", 42}, {"int8", 1L << 40}, {"float4", 1.5f}, {"float8", 1e300}, {"numeric", new BigDecimal("12345.6700")},
            {"text", "größe'\\"}, {"varchar(3)", "abc"}, {"char(5)", "x"}, {"bytea", new byte[] {0, (byte) 255}}, {"date", LocalDate.of(2024, 2, 29)}, {"time", LocalTime.of(1, 2, 3)},
            {"timestamp", LocalDateTime.of(2024, 2, 29, 1, 2, 3)}, {"timestamptz", OffsetDateTime.of(2024, 2, 29, 1, 2, 3, 0, ZoneOffset.UTC)}, {"uuid", new UUID(0, 7)},
        };
        for (Object[] one : all) check("value " + one[0], () -> bound((String) one[0], one[1], Types.NULL));
        String[][] others = {
            {"interval", "1 year 2 mons 3 days 04:05:06.7"}, {"json", "{\"a\": 1}"}, {"jsonb", "{\"b\": 1, \"a\": [null]}"}, {"mood", "happy"}, {"positive", "3"}, {"inet", "10.0.0.1"},
            {"int4range", "[1,5)"}, {"point", "(1,2)"}, {"box", "(3,4),(1,2)"}, {"money", "12.50"}, {"int4[]", "{1,2,NULL}"}, {"text[]", "{a,\"b,c\"}"}, {"mood[]", "{ok,sad}"},
            {"bit(4)", "1010"}, {"varbit", "101"}, {"xml", "<a/>"}, {"timetz", "01:02:03+02"}, {"oid", "7"}, {"\"char\"", "c"}, {"name", "n"}, {"regclass", "pg_class"}, {"hstore", "a=>1"},
            {"timestamptz[]", "{2024-01-01 00:00Z}"}, {"numeric[]", "{1.50,NaN}"},
        };
        for (String[] one : others) check("value " + one[0], () -> bound(one[0], one[1], Types.OTHER));
        check("null values", () -> {
            try (PreparedStatement p = c.prepareStatement("SELECT ?::int, ?::text, ?::timestamp")) {
                p.setNull(1, Types.INTEGER); p.setNull(2, Types.VARCHAR); p.setNull(3, Types.TIMESTAMP);
                return rows(p.executeQuery());
            }
        });
        check("arrays", () -> {
            try (PreparedStatement p = c.prepareStatement("SELECT ?::int[], ?::text[], ?::float8[], ?::uuid[], 2 = ANY(?)")) {
                p.setArray(1, c.createArrayOf("int4", new Integer[] {1, null, 3}));
                p.setArray(2, c.createArrayOf("text", new String[][] {{"a", "b"}, {"c,", "\""}}));
                p.setObject(3, new double[] {1.5, Double.NaN});
                p.setArray(4, c.createArrayOf("uuid", new UUID[] {new UUID(0, 1)}));
                p.setArray(5, c.createArrayOf("int4", new Integer[] {1, 2}));
                return rows(p.executeQuery());
            }
        });
        check("array as rows", () -> {
            try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("SELECT ARRAY['x','y']")) {
                r.next();
                return rows(r.getArray(1).getResultSet());
            }
        });
        check("java time", () -> {
            try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("SELECT timestamptz 'infinity', date '-infinity', time '24:00', timestamp '2024-01-01 00:00:00.123456'")) {
                r.next();
                return List.of(r.getObject(1, OffsetDateTime.class), r.getObject(2, LocalDate.class), r.getObject(3, LocalTime.class), r.getObject(4, LocalDateTime.class));
            }
        });
    }

    static void results() throws SQLException {
        check("fetch size", () -> {
            c.setAutoCommit(false);
            try (Statement s = c.createStatement()) {
                s.setFetchSize(3);
                long sum = 0;
                int n = 0;
                try (ResultSet r = s.executeQuery("SELECT g FROM generate_series(1, 10) g")) {
                    while (r.next()) { sum += r.getInt(1); n++; }
                }
                return List.of(n, sum);
            } finally {
                c.rollback();
                c.setAutoCommit(true);
            }
        });
        check("two fetches interleaved", () -> {
            c.setAutoCommit(false);
            List<Object> seen = new ArrayList<>();
            try (PreparedStatement a = c.prepareStatement("SELECT g FROM generate_series(1, 5) g"); PreparedStatement b = c.prepareStatement("SELECT 'b' || g FROM generate_series(1, 5) g")) {
                a.setFetchSize(2);
                b.setFetchSize(2);
                ResultSet ra = a.executeQuery(), rb = b.executeQuery();
                while (ra.next() & rb.next()) seen.add(List.of(ra.getInt(1), rb.getString(1)));
                return seen;
            } finally {
                c.rollback();
                c.setAutoCommit(true);
            }
        });
        check("max rows", () -> {
            try (Statement s = c.createStatement()) {
                s.setMaxRows(2);
                return rows(s.executeQuery("SELECT g FROM generate_series(1, 10) g"));
            }
        });
        check("scrollable and updatable", () -> {
            run("CREATE TABLE updatable (id int PRIMARY KEY, name text)");
            run("INSERT INTO updatable VALUES (1, 'a'), (2, 'b')");
            try (Statement s = c.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE); ResultSet r = s.executeQuery("SELECT id, name FROM updatable ORDER BY id")) {
                r.last();
                r.updateString(2, "changed");
                r.updateRow();
                r.moveToInsertRow();
                r.updateInt(1, 3);
                r.updateString(2, "new");
                r.insertRow();
                r.absolute(1);
                r.deleteRow();
            }
            return ask("SELECT * FROM updatable ORDER BY id");
        });
        check("several results", () -> {
            List<Object> seen = new ArrayList<>();
            try (Statement s = c.createStatement()) {
                boolean isRows = s.execute("SELECT 1; UPDATE updatable SET name = 'x'; SELECT 'two'");
                while (true) {
                    if (isRows) seen.add(rows(s.getResultSet()));
                    else if (s.getUpdateCount() < 0) return seen;
                    else seen.add(s.getUpdateCount());
                    isRows = s.getMoreResults();
                }
            }
        });
        check("held over commit", () -> {
            c.setAutoCommit(false);
            try (Statement s = c.createStatement(ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY, ResultSet.HOLD_CURSORS_OVER_COMMIT)) {
                ResultSet r = s.executeQuery("SELECT g FROM generate_series(1, 3) g");
                c.commit();
                return rows(r);
            } finally {
                c.setAutoCommit(true);
            }
        });
    }

    static void changes() throws SQLException {
        run("CREATE TABLE t (id serial PRIMARY KEY, name text UNIQUE, n numeric(8,2))");
        check("generated keys", () -> {
            try (PreparedStatement p = c.prepareStatement("INSERT INTO t (name) VALUES (?)", Statement.RETURN_GENERATED_KEYS)) {
                p.setString(1, "a");
                return List.of(p.executeUpdate(), rows(p.getGeneratedKeys()));
            }
        });
        check("generated columns", () -> {
            try (PreparedStatement p = c.prepareStatement("INSERT INTO t (name) VALUES ('b'), ('c')", new String[] {"id", "name"})) {
                return List.of(p.executeUpdate(), rows(p.getGeneratedKeys()));
            }
        });
        check("batch", () -> {
            try (PreparedStatement p = c.prepareStatement("INSERT INTO t (name, n) VALUES (?, ?)")) {
                for (int i = 0; i < 12; i++) {
                    p.setString(1, "batch " + i);
                    p.setBigDecimal(2, BigDecimal.valueOf(i));
                    p.addBatch();
                }
                return p.executeBatch();
            }
        });
        check("batch rewritten", () -> {
            try (Connection other = DriverManager.getConnection(url + "&reWriteBatchedInserts=true"); PreparedStatement p = other.prepareStatement("INSERT INTO t (name, n) VALUES (?, ?)")) {
                for (int i = 0; i < 10; i++) {
                    p.setString(1, "rewritten " + i);
                    p.setInt(2, i);
                    p.addBatch();
                }
                return p.executeBatch();
            }
        });
        check("batch of statements", () -> {
            try (Statement s = c.createStatement()) {
                s.addBatch("UPDATE t SET n = 1 WHERE name LIKE 'batch%'");
                s.addBatch("DELETE FROM t WHERE name = 'b'");
                s.addBatch("CREATE TABLE made (a int)");
                return s.executeBatch();
            }
        });
        check("batch with keys", () -> {
            try (PreparedStatement p = c.prepareStatement("INSERT INTO t (name) VALUES (?)", Statement.RETURN_GENERATED_KEYS)) {
                for (int i = 0; i < 3; i++) { p.setString(1, "keyed " + i); p.addBatch(); }
                int[] counts = p.executeBatch();
                return List.of(counts.length, rows(p.getGeneratedKeys()).size());
            }
        });
        check("batch refused", () -> {
            try (PreparedStatement p = c.prepareStatement("INSERT INTO t (name) VALUES (?)")) {
                for (String name : new String[] {"p", "a", "q"}) { p.setString(1, name); p.addBatch(); }
                return p.executeBatch();
            } catch (BatchUpdateException e) {
                return List.of(e.getSQLState(), e.getUpdateCounts(), ask("SELECT count(*) FROM t WHERE name IN ('p', 'q')"));
            }
        });
        check("error fields", () -> {
            try {
                return run("INSERT INTO t (name) VALUES ('a')");
            } catch (PSQLException e) {
                var m = e.getServerErrorMessage();
                return List.of(m.getSeverity(), m.getSQLState(), m.getMessage(), m.getDetail(), m.getSchema(), m.getTable(), m.getConstraint());
            }
        });
        check("copy in", () -> copier().copyIn("COPY t (name, n) FROM STDIN (FORMAT csv)", new StringReader("x,1.5\n\"y,z\",\n")));
        check("copy in refused", () -> copier().copyIn("COPY t (name, n) FROM STDIN", new StringReader("v\tnope\n")));
        check("copy out", () -> {
            StringWriter out = new StringWriter();
            long n = copier().copyOut("COPY (SELECT name, n FROM t WHERE name < 'batch 3' OR name > 'x' ORDER BY id) TO STDOUT", out);
            return List.of(n, out.toString());
        });
        check("call", () -> {
            try (var s = c.prepareCall("{? = call upper(?)}")) {
                s.registerOutParameter(1, Types.VARCHAR);
                s.setString(2, "abc");
                s.execute();
                return s.getString(1);
            }
        });
        check("escapes", () -> ask("SELECT {fn concat('a', 'b')}, {d '2024-01-01'}, {ts '2024-01-01 01:02:03'}, {fn ucase('x')}, {fn mod(7, 4)}"));
    }

    static CopyManager copier() throws SQLException {
        return c.unwrap(PGConnection.class).getCopyAPI();
    }

    static void transactions() {
        check("savepoint", () -> {
            c.setAutoCommit(false);
            try {
                run("INSERT INTO t (name) VALUES ('kept')");
                Savepoint s = c.setSavepoint("s p");
                String state = "none";
                try { run("SELECT 1/0 FROM t"); } catch (SQLException e) { state = e.getSQLState(); }
                c.rollback(s);
                run("INSERT INTO t (name) VALUES ('kept too')");
                c.releaseSavepoint(s);
                c.commit();
                return List.of(state, ask("SELECT name FROM t WHERE name LIKE 'kept%' ORDER BY 1"));
            } finally {
                c.rollback();
                c.setAutoCommit(true);
            }
        });
        check("autosave", () -> {
            try (Connection other = DriverManager.getConnection(url + "&autosave=always"); Statement s = other.createStatement()) {
                other.setAutoCommit(false);
                s.executeUpdate("INSERT INTO t (name) VALUES ('autosaved')");
                try { s.executeUpdate("INSERT INTO t (name) VALUES ('a')"); } catch (SQLException e) { /* the savepoint is taken back */ }
                s.executeUpdate("INSERT INTO t (name) VALUES ('autosaved too')");
                other.commit();
            }
            return ask("SELECT name FROM t WHERE name LIKE 'autosaved%' ORDER BY 1");
        });
        check("isolation", () -> {
            try (Connection other = DriverManager.getConnection(url)) {
                int before = other.getTransactionIsolation();
                other.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
                other.setReadOnly(true);
                other.setAutoCommit(false);
                try (Statement s = other.createStatement(); ResultSet r = s.executeQuery("SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')")) {
                    return List.of(before, other.getTransactionIsolation(), rows(r));
                }
            }
        });
    }

    static void others() {
        check("schema", () -> {
            c.setSchema("sales");
            String now = c.getSchema();
            c.setSchema("public");
            return List.of(now, c.getSchema());
        });
        check("valid", () -> c.isValid(2));
        check("simple query mode", () -> {
            try (Connection other = DriverManager.getConnection(url + "&preferQueryMode=simple"); PreparedStatement p = other.prepareStatement("SELECT ?::int, ?, ?")) {
                p.setInt(1, 5); p.setString(2, "it's"); p.setBoolean(3, true);
                return rows(p.executeQuery());
            }
        });
        check("options", () -> {
            try (Connection other = DriverManager.getConnection(url + "&ApplicationName=app&currentSchema=sales&options=-c%20work_mem=2MB&assumeMinServerVersion=9.0"); Statement s = other.createStatement()) {
                return rows(s.executeQuery("SELECT current_setting('application_name'), current_setting('search_path'), current_setting('work_mem')"));
            }
        });
        check("query time-out", () -> {
            try (Statement s = c.createStatement()) {
                s.setQueryTimeout(1);
                return rows(s.executeQuery("SELECT pg_sleep(10)"));
            }
        });
        check("notification", () -> {
            run("LISTEN news");
            run("NOTIFY news, 'hello'");
            PGNotification[] got = c.unwrap(PGConnection.class).getNotifications(2000);
            return got == null || got.length == 0 ? "none" : got[0].getName() + " " + got[0].getParameter();
        });
        check("warnings", () -> {
            try (Statement s = c.createStatement()) {
                s.execute("DROP TABLE IF EXISTS not_there");
                return s.getWarnings().getMessage();
            }
        });
        check("large object", () -> {
            c.setAutoCommit(false);
            try {
                return c.unwrap(PGConnection.class).getLargeObjectAPI().createLO() > 0;
            } finally {
                c.rollback();
                c.setAutoCommit(true);
            }
        });
    }
}
