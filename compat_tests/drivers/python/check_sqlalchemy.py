"""SQLAlchemy: the inspector's view of every object of the schema, reflection of tables, a round trip by the ORM."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.schema import CreateTable

from report import check, dsn

engine = sa.create_engine(dsn().replace("postgres://", "postgresql+psycopg://"))
SCHEMAS = (None, "sales")
# Schemas that every kalampg database has and PostgreSQL's do not.
OWN_SCHEMAS = {"kalam", "system"}


def tidy(value):
    """Objects of SQLAlchemy as their text."""
    if isinstance(value, dict):
        return {str(k): tidy(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [tidy(v) for v in value]
    if isinstance(value, sa.types.TypeEngine):
        return value.compile(dialect=postgresql.dialect()) if not isinstance(value, sa.types.NullType) else "NULL TYPE"
    return value


def inspected():
    i = sa.inspect(engine)
    check("default schema", lambda: i.default_schema_name)
    check("schemas", lambda: sorted(set(i.get_schema_names()) - OWN_SCHEMAS))
    for schema in SCHEMAS:
        s = schema or "public"
        check(f"{s} tables", lambda: sorted(i.get_table_names(schema)))
        check(f"{s} views", lambda: sorted(i.get_view_names(schema)))
        check(f"{s} materialized views", lambda: sorted(i.get_materialized_view_names(schema)))
        check(f"{s} sequences", lambda: sorted(i.get_sequence_names(schema)))
        check(f"{s} enums", lambda: i.get_enums(schema))
        check(f"{s} domains", lambda: tidy(i.get_domains(schema)))
        for kind in ("columns", "pk_constraint", "foreign_keys", "indexes", "unique_constraints", "check_constraints", "table_comment", "table_options"):
            def multi(kind=kind):
                found = getattr(i, "get_multi_" + kind)(schema=schema, kind=sa.engine.reflection.ObjectKind.ANY)
                return [[k[1], tidy(v)] for k, v in sorted(found.items(), key=lambda item: item[0][1])]

            check(f"{s} {kind}", multi)
    for table, schema in (("customer", None), ("invoice", "sales"), ("line", "sales"), ("happy", None)):
        for kind in ("columns", "pk_constraint", "foreign_keys", "indexes", "unique_constraints", "check_constraints", "table_comment"):
            check(f"{table} {kind}", lambda: tidy(getattr(i, "get_" + kind)(table, schema=schema)))
    check("view definition", lambda: i.get_view_definition("happy"))
    check("view definition in a schema", lambda: i.get_view_definition("owed", "sales"))
    check("missing table", lambda: i.get_columns("no_such_table"))
    check("has", lambda: [i.has_table("customer"), i.has_table("happy"), i.has_table("nope"), i.has_table("invoice", "sales"), i.has_sequence("ticket"),
                          i.has_schema("sales"), i.has_schema("nope"), i.has_index("customer", "customer_key")])
    check("type exists", lambda: type_exists())
    check("temporary tables", lambda: temporary())


def type_exists():
    with engine.connect() as c:
        return [engine.dialect.has_type(c, n) for n in ("mood", "positive", "no_such_type")]


def temporary():
    with engine.connect() as c:
        c.execute(sa.text("CREATE TEMP TABLE tt (n int)"))
        c.execute(sa.text("CREATE TEMP VIEW tv AS SELECT 1 AS one"))
        i = sa.inspect(c)
        return [i.get_temp_table_names(), i.get_temp_view_names()]


def reflected():
    metadata = sa.MetaData()
    metadata.reflect(engine, schema="sales", views=True)
    return [str(CreateTable(t).compile(dialect=postgresql.dialect())).split("\n") for t in metadata.sorted_tables]


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(30), unique=True)
    kind: Mapped[str] = mapped_column(sa.Enum("a", "b", name="author_kind"), server_default="a")
    notes: Mapped[dict] = mapped_column(postgresql.JSONB, default=dict)
    tags: Mapped[list] = mapped_column(postgresql.ARRAY(sa.Text), default=list)
    # Foreign keys are the reflection's matter; the round trip does without.
    books: Mapped[list["Book"]] = relationship(
        primaryjoin="Author.id == foreign(Book.author_id)", back_populates="author", cascade="all, delete-orphan", order_by="Book.id")


class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(sa.Identity(start=100), primary_key=True)
    author_id: Mapped[int] = mapped_column(index=True)
    title: Mapped[str | None]
    author: Mapped[Author] = relationship(primaryjoin="Author.id == foreign(Book.author_id)", back_populates="books")


def orm():
    check("create all", lambda: Base.metadata.create_all(engine))
    check("create all again", lambda: Base.metadata.create_all(engine))

    def stored():
        with Session(engine) as s:
            s.add_all([Author(name=f"author {n}", notes={"n": n}, tags=["x", str(n)], books=[Book(title=f"book {n}.{i}") for i in range(3)]) for n in range(3)])
            s.commit()
            return [[a.id, a.name, a.kind, a.notes, a.tags, [[b.id, b.title] for b in a.books]] for a in s.scalars(sa.select(Author).order_by(Author.id))]

    check("add all", stored)

    def queried():
        with Session(engine) as s:
            counted = sa.select(Author.name, sa.func.count(Book.id)).join(Author.books).group_by(Author.name).order_by(Author.name)
            by_json = sa.select(Author.name).where(Author.notes["n"].as_integer() > 0, Author.tags.any("2"))
            locked = s.scalars(sa.select(Author).with_for_update(skip_locked=True).where(Author.id == 1)).one().name
            return [[tuple(r) for r in s.execute(counted)], list(s.scalars(by_json)), locked]

    check("queries", queried)

    def numbered():
        with Session(engine) as s:
            number = sa.func.row_number().over(partition_by=Book.author_id, order_by=Book.id.desc())
            return [tuple(r) for r in s.execute(sa.select(Book.title, number).order_by(Book.id).limit(2))]

    check("window function", numbered)

    def upserted():
        with Session(engine) as s:
            insert = postgresql.insert(Author).values(name="author 1", notes={"new": True}, tags=[])
            insert = insert.on_conflict_do_update(index_elements=["name"], set_={"notes": insert.excluded.notes}).returning(Author.id, Author.notes)
            return [tuple(r) for r in s.execute(insert)]

    check("upsert", upserted)

    def refused():
        with Session(engine) as s:
            s.add(Author(name="author 1"))
            try:
                s.commit()
            except IntegrityError as error:
                s.rollback()
                return [type(error.orig).__name__, error.orig.sqlstate, s.scalar(sa.select(sa.func.count()).select_from(Author))]

    check("integrity error", refused)

    def streamed():
        with engine.connect().execution_options(stream_results=True, max_row_buffer=2) as c:
            return [tuple(r) for r in c.execute(sa.select(Book.id).order_by(Book.id)).yield_per(2)]

    check("streamed", streamed)

    def deleted():
        with Session(engine) as s:
            s.delete(s.get(Author, 1))
            s.commit()
            return s.scalar(sa.select(sa.func.count()).select_from(Book))

    check("delete", deleted)
    check("isolation levels", isolation)
    check("drop all", lambda: Base.metadata.drop_all(engine))


def isolation():
    levels = []
    for level in ("AUTOCOMMIT", "READ COMMITTED", "REPEATABLE READ", "READ UNCOMMITTED"):
        with engine.connect().execution_options(isolation_level=level) as c:
            levels.append(c.scalar(sa.text("SHOW transaction_isolation")))
    return [engine.connect().default_isolation_level, levels]


inspected()
check("reflect", reflected)
orm()
