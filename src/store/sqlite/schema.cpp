// The tables of a store: see schema.h.
#include "src/store/sqlite/schema.h"

namespace alzette::store::sqlite {

namespace {

constexpr const char* first_schema = R"sql(
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;

-- Interned texts: "Patient", "Patient.identifier:of-type", code systems. Ids are never given twice.
CREATE TABLE name(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);

-- Logical ids. Targets of references have a row even before they exist (current = NULL); absolute URLs have type 0.
CREATE TABLE identity(rid INTEGER PRIMARY KEY, type INTEGER NOT NULL, id TEXT NOT NULL, current INTEGER,
  UNIQUE(type, id));

-- key = sequence << 10 | shard; the sequence has no gaps. method: 0 create, 1 update, 2 remove. `ordinal` counts the
-- versions of this type and `live` its resources after this version, so that totals as of any moment are one look-up.
CREATE TABLE version(key INTEGER PRIMARY KEY, rid INTEGER NOT NULL, type INTEGER NOT NULL, version INTEGER NOT NULL,
  instant INTEGER NOT NULL, method INTEGER NOT NULL, ordinal INTEGER NOT NULL, live INTEGER NOT NULL, postings BLOB);
CREATE INDEX version_of_type ON version(type);
CREATE INDEX version_of_resource ON version(rid, version);

-- The bytes, apart from the narrow rows that searches read; most of them packed (packing.h). `files`: large values kept
-- as files (blob.h).
CREATE TABLE body(key INTEGER PRIMARY KEY, version INTEGER NOT NULL, instant INTEGER NOT NULL, files BLOB,
  bytes BLOB NOT NULL);

-- Versions that are no longer current, and the sequence of the version that ended them; a removal ends itself.
CREATE TABLE superseded(key INTEGER PRIMARY KEY, until INTEGER NOT NULL);

-- The index, a table per kind of value. rest: bit 0 set = another value of this resource is smaller, bit 1 = larger;
-- an ordered walk over rows without the bit meets each resource once.
-- A token with a system has a second row with code x'' for searches by system alone, unless it is lean (posting.h).
CREATE TABLE token(parameter INTEGER, code TEXT, system INTEGER, key INTEGER, rest INTEGER NOT NULL,
  PRIMARY KEY(parameter, code, system, key)) WITHOUT ROWID;
CREATE TABLE string(parameter INTEGER, value TEXT, key INTEGER, rest INTEGER NOT NULL,
  PRIMARY KEY(parameter, value, key)) WITHOUT ROWID;
-- bucket 0: no longer than a day, by low; 1: longer, by low; 2: the longer ones again by high.
CREATE TABLE date(parameter INTEGER, bucket INTEGER, at INTEGER, other INTEGER, key INTEGER, rest INTEGER NOT NULL,
  PRIMARY KEY(parameter, bucket, at, other, key)) WITHOUT ROWID;
CREATE TABLE number(parameter INTEGER, value REAL, key INTEGER, rest INTEGER NOT NULL,
  PRIMARY KEY(parameter, value, key)) WITHOUT ROWID;
CREATE TABLE quantity(parameter INTEGER, canonical INTEGER, value REAL, code TEXT, system INTEGER, key INTEGER,
  rest INTEGER NOT NULL, PRIMARY KEY(parameter, canonical, value, code, system, key)) WITHOUT ROWID;
CREATE TABLE reference(parameter INTEGER, target INTEGER, key INTEGER,
  PRIMARY KEY(parameter, target, key)) WITHOUT ROWID;
CREATE TABLE uri(parameter INTEGER, value TEXT, key INTEGER, rest INTEGER NOT NULL,
  PRIMARY KEY(parameter, value, key)) WITHOUT ROWID;
-- first: code of the first token component, else ''. second: number or date of the next component, else 0.
CREATE TABLE composite(parameter INTEGER, first TEXT, second REAL, key INTEGER,
  PRIMARY KEY(parameter, first, second, key)) WITHOUT ROWID;
)sql";

// Full text: one text per version, its row number the version's key; the words alone are kept. Each word carries the
// number of its parameter ("17xblood" of Patient._content), so that one look-up finds those of one type.
constexpr const char* full_text = R"sql(
CREATE VIRTUAL TABLE words USING fts5(text, content='', columnsize=0, tokenize='ascii');
INSERT INTO words(words, rank) VALUES('hashsize', 8388608);
)sql";

// What the machine has to remember beside the resources.
constexpr const char* notes = R"sql(
CREATE TABLE note(room TEXT, name TEXT, text TEXT NOT NULL, PRIMARY KEY(room, name)) WITHOUT ROWID;
)sql";

// What a resource is the view of, beside its bytes (fhir::Write::record).
constexpr const char* records = R"sql(
ALTER TABLE body ADD COLUMN record BLOB;
)sql";

// What bodies and records are packed with (packing.h), and the newest version that each has seen.
constexpr const char* dictionaries = R"sql(
CREATE TABLE dictionary(seen INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
)sql";

constexpr const char* all_migrations[] = {first_schema, full_text, notes, records, dictionaries};

}  // namespace

std::span<const char* const> migrations() { return all_migrations; }

}  // namespace alzette::store::sqlite
